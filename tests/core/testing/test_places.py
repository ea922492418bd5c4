"""Where tests go: the source's own test file, the project's habit, the framework's custom."""

from __future__ import annotations

import pytest

from dola_ls.core.testing.detection import detect_framework
from dola_ls.core.testing.frameworks import Unknown
from dola_ls.core.testing.places import Placement, place_tests

TS = "export const total = 1;\n"
VITEST = {"package.json": '{"devDependencies": {"vitest": "1"}}'}
JAVA = {"pom.xml": "<project><dependency><groupId>junit</groupId><artifactId>junit</artifactId>"
        "</dependency></project>"}  # fmt: skip


def placed(language: str, source: str, files: dict[str, str], symbol: str = "total"):
    files = {source: TS if language == "typescript" else "", **files}
    framework = detect_framework(language, source, files, files.get)
    assert not isinstance(framework, Unknown), framework
    return place_tests(source, symbol, language, framework, files, files.get)


@pytest.mark.parametrize(
    ("language", "source", "files", "path", "imports"),
    [
        # What belongs to which source today.
        ("typescript", "src/pricing.ts",
         VITEST | {"src/cart.ts": "", "src/__tests__/cart.spec.ts": ""},
         "src/__tests__/pricing.spec.ts", 'import { total } from "../pricing";'),
        ("typescript", "src/money/pricing.ts",
         VITEST | {"src/shop/cart.ts": "", "src/shop/__tests__/cart.test.ts": ""},
         "src/money/__tests__/pricing.test.ts", 'import { total } from "../pricing";'),
        ("typescript", "src/money/pricing.ts",
         VITEST | {"src/shop/cart.ts": "", "test/unit/shop/cart.test.ts": ""},
         "test/unit/money/pricing.test.ts", 'import { total } from "../../../src/money/pricing";'),
        ("python", "shop/pricing.py", {"blog/posts.py": "", "blog/tests/test_posts.py": ""},
         "shop/tests/test_pricing.py", "from shop.pricing import total"),
        ("python", "src/shop/pricing.py",
         {"src/shop/cart.py": "",
          "tests/test_cart.py": "from src.shop.cart import Cart\n\n\ndef test_x(): ..."},
         "tests/test_pricing.py", "from src.shop.pricing import total"),
        ("ruby", "lib/shop/pricing.rb",
         {".rspec": "", "lib/shop/cart.rb": "", "spec/lib/shop/cart_spec.rb": ""},
         "spec/lib/shop/pricing_spec.rb", 'require "shop/pricing"'),
        ("java", "core/src/main/java/shop/Pricing.java",
         JAVA | {"web/src/main/java/web/Page.java": "", "web/src/test/java/web/PageTests.java": ""},
         "core/src/test/java/shop/PricingTests.java", ""),
        ("cpp", "src/pricing.cpp",
         {"CMakeLists.txt": "GTest", "src/cart.cpp": "", "test/CartTest.cpp": "",
          "src/pricing.h": "", "src/pricing.cpp": '#include "pricing.h"'},
         "test/PricingTest.cpp", '#include "pricing.h"'),
        # The custom of each framework.
        ("typescript", "src/pricing.ts", VITEST, "src/pricing.test.ts",
         'import { total } from "./pricing";'),
        ("typescript", "src/pricing.ts",
         VITEST | {"tsconfig.json": '{"compilerOptions": {"module": "NodeNext"}}'},
         "src/pricing.test.ts", 'import { total } from "./pricing.js";'),
        ("python", "a/shop/pricing.py", {"a/pyproject.toml": "[tool.pytest]"},
         "a/tests/test_pricing.py", "from shop.pricing import total"),
        ("ruby", "app/models/cart.rb",
         {".rspec": "", "spec/rails_helper.rb": "", "config/application.rb": ""},
         "spec/models/cart_spec.rb", 'require "rails_helper"'),
        ("php", "src/Pricing.php", {"phpunit.xml": "", "tests/Unit/CartTest.php": "",
                                    "src/Cart.php": ""}, "tests/Unit/PricingTest.php", ""),
        ("go", "a/b.go", {"go.mod": "module x\n"}, "a/b_test.go", ""),
        # A unit test before an integration test, and tests of no source do not count.
        ("python", "shop/cart.py",
         {"tests/integration/test_cart.py": "", "tests/unit/test_cart.py": "",
          "tests/fixtures/test_cart.py": ""},
         "tests/unit/test_cart.py", "from shop.cart import total"),
    ],
)  # fmt: skip
def test_the_place(language, source, files, path, imports):
    placement = placed(language, source, files)
    assert isinstance(placement, Placement), placement
    assert placement.path == path
    assert "\n".join(placement.imports) == imports


def test_two_sources_of_one_name_have_their_own_tests():
    files = {"a/util.py": "", "b/util.py": "", "tests/a/test_util.py": ""}
    assert placed("python", "a/util.py", files).path == "tests/a/test_util.py"
    other = placed("python", "b/util.py", files)
    assert (other.path, other.exists) == ("tests/b/test_util.py", False)


def test_a_file_in_another_case_is_the_same_file():
    placement = placed("python", "pricing.py", {"tests/Test_Pricing.py": ""})
    assert placement.path == "tests/test_pricing.py" or placement.exists


def test_a_test_file_of_another_framework_is_left_alone():
    files = VITEST | {"src/pricing.test.ts": "import { expect } from 'chai';"}
    placement = placed("typescript", "src/pricing.ts", files)
    assert not placement.exists
    assert placement.path != "src/pricing.test.ts"


def test_kotlin_tests_go_beside_those_that_are_there():
    files = {"build.gradle": "useJUnitPlatform", "src/test/kotlin/PricingTest.kt": ""}
    placement = placed("kotlin", "src/main/kotlin/Pricing.kt", files)
    assert (placement.path, placement.exists) == ("src/test/kotlin/PricingTotalTest.kt", False)


@pytest.mark.parametrize(
    ("text", "symbol", "line"),
    [
        ("export default function total() {}\n", "total", 'import total from "./a.js";'),
        ("export default class {}\n", "Cart", 'import Cart from "./a.js";'),
        ("function total() {}\nexport { total as sum };\n", "total",
         'import { sum as total } from "./a.js";'),
        ("class Cart {}\nexport { Cart as default };\n", "Cart.add", 'import Cart from "./a.js";'),
        ("function total() {}\nmodule.exports = total;\n", "total",
         'const total = require("./a");'),
        ("exports.total = () => 1;\n", "total", 'const { total } = require("./a");'),
        ("function total() {}\nmodule.exports = { sum: total };\n", "total",
         'const { sum: total } = require("./a");'),
        ("function total() {}\n", "total", None),
        ("// export function total() {}\nfunction total() {}\n", "total", None),
    ],
)  # fmt: skip
def test_how_javascript_exports_decides_how_tests_import(text, symbol, line):
    files = {"package.json": '{"scripts": {"test": "node --test"}}', "a.test.js": "", "a.js": text}
    placement = placed("javascript", "a.js", files, symbol)
    if line is None:
        assert isinstance(placement, Unknown)
        assert "total is not exported from a.js" in placement.reason
    else:
        assert isinstance(placement, Placement)
        assert placement.imports == (line,)


def test_what_go_does_not_export_is_tested_from_inside():
    files = {"go.mod": "module x\n", "a.go": "package a\n\nfunc half() {}\n",
             "a_test.go": "package a_test\n\nfunc TestX(t *testing.T) {}\n"}  # fmt: skip
    placement = placed("go", "a.go", files, "half")
    assert placement.path == "a_internal_test.go"
    assert (placement.package, placement.imports) == ("package a", ())


def test_rust_tests_in_a_file_of_their_own():
    files = {
        "Cargo.toml": '[package]\nname = "x"\n',
        "src/lib.rs": "pub mod a;",
        "src/a.rs": "#[cfg(test)]\nmod tests;\n",
        "src/a/tests.rs": "use super::*;\n",
    }
    placement = placed("rust", "src/a.rs", files)  # fmt: skip
    assert (placement.path, placement.exists, placement.inline) == ("src/a/tests.rs", True, False)
    assert placement.imports == ("use super::*;",)


@pytest.mark.parametrize("source", ["my-tool.py", "class.py"])
def test_what_python_cannot_import_is_said(source):
    placement = placed("python", source, {})
    assert isinstance(placement, Unknown)
    assert "Python cannot import" in placement.reason
