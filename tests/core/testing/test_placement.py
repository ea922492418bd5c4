"""Where new test files go: by the project's own habit, and never over a file."""

import pytest

from dola_ls.core.testing.test_placement import import_path, place_python_tests


@pytest.mark.parametrize(
    ("source", "files", "path", "line"),
    [
        ("pricing.py", [], "tests/test_pricing.py", "from pricing import total"),
        ("src/shop/pricing.py", ["src/shop/__init__.py"], "tests/test_pricing.py",
         "from shop.pricing import total"),
        # The habit: mirrored below tests/unit.
        ("src/shop/pricing.py", ["src/shop/__init__.py", "src/shop/cart.py",
                                 "tests/unit/shop/test_cart.py"],
         "tests/unit/shop/test_pricing.py", "from shop.pricing import total"),
        # Mirrored, without the package's own name.
        ("src/shop/sub/pricing.py", ["src/shop/__init__.py", "src/shop/sub/__init__.py",
                                     "src/shop/sub/x.py", "tests/sub/test_x.py"],
         "tests/sub/test_pricing.py", "from shop.sub.pricing import total"),
        # All in one flat folder.
        ("src/shop/sub/pricing.py", ["src/shop/__init__.py", "src/shop/sub/__init__.py",
                                     "src/shop/cart.py", "test/test_cart.py"],
         "test/test_pricing.py", "from shop.sub.pricing import total"),
        # Beside the source, with the suffix.
        ("shop/pricing.py", ["shop/cart.py", "shop/cart_test.py"],
         "shop/pricing_test.py", "from shop.pricing import total"),
        # The nearest of several test folders.
        ("packages/b/src/b/p.py", ["packages/b/src/b/__init__.py", "packages/a/tests/test_q.py",
                                   "packages/b/tests/test_z.py"],
         "packages/b/tests/test_p.py", "from b.p import total"),
        ("shop/__init__.py", ["shop/__init__.py"], "tests/test_shop.py", "from shop import total"),
        # A name that Python cannot import by statement.
        ("my-tool.py", [], "tests/test_my-tool.py", ""),
    ],
)  # fmt: skip
def test_the_projects_own_habit_decides(source, files, path, line):
    placement = place_python_tests(source, "total", [source, *files])
    assert (placement.path, placement.import_line) == (path, line)


def test_a_file_that_exists_is_never_chosen():
    files = ["pricing.py", "tests/test_pricing.py"]
    first = place_python_tests("pricing.py", "Cart.total", files)
    assert first.path == "tests/test_pricing_cart_total.py"
    assert first.taken == ("tests/test_pricing.py",)
    assert first.import_line == "from pricing import Cart"
    second = place_python_tests("pricing.py", "Cart.total", [*files, first.path])
    assert second.path is None
    assert len(second.taken) == 2


def test_a_twin_in_another_case_counts_as_existing():
    placement = place_python_tests("pricing.py", "total", ["pricing.py", "tests/Test_Pricing.py"])
    assert placement.path == "tests/test_pricing_total.py"


def test_import_paths_follow_packages():
    assert import_path("a/b/c.py", ["a/__init__.py", "a/b/__init__.py"]) == "a.b.c"
    assert import_path("src/a/c.py", ["src/a/__init__.py"]) == "a.c"
    assert import_path("server/pkg/c.py", ["server/pkg/__init__.py"]) == "pkg.c"
    assert import_path("server/c.py", ["server/__init__.py"]) == "server.c"
