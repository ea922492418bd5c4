"""Two tests in the words of each framework, for the prompt: models do as they are shown.

They test an `add` that nobody has, each one thing under a name of its own. Small models that are
told so in words alone write one endless test instead.
"""

from __future__ import annotations

_DESCRIBE = """\
describe("add", () => {
  it("adds positive numbers", () => {
    %s
  });

  it("refuses text", () => {
    %s
  });
});"""
_EXPECT = _DESCRIBE % (
    "expect(add(2, 3)).toBe(5);",
    'expect(() => add("2", 3)).toThrow(TypeError);',
)
_ASSERT = _DESCRIBE % (
    "assert.strictEqual(add(2, 3), 5);",
    'assert.throws(() => add("2", 3), TypeError);',
)
_JVM = """\
class AddTest {
    @Test
    void addsPositiveNumbers() {
        assertEquals(5, Adder.add(2, 3));
    }

    @Test
    void refusesNull() {
        assertThrows(NullPointerException.class, () -> Adder.add(null, 3));
    }
}"""
_SHARP = """\
public class AddTests
{
    [%s]
    public void AddsPositiveNumbers()
    {
        %s
    }

    [%s]
    public void RefusesNull()
    {
        %s
    }
}"""

#: By the framework's id.
EXAMPLES: dict[str, str] = {
    "pytest": """\
def test_adds_positive_numbers():
    assert add(2, 3) == 5


def test_refuses_text():
    with pytest.raises(TypeError):
        add("2", 3)""",
    "unittest": """\
class TestAdd(unittest.TestCase):
    def test_adds_positive_numbers(self):
        self.assertEqual(add(2, 3), 5)

    def test_refuses_text(self):
        with self.assertRaises(TypeError):
            add("2", 3)""",
    "vitest": _EXPECT,
    "jest": _EXPECT,
    "mocha": _ASSERT,
    "node:test": _ASSERT,
    "testing": """\
func TestAddsPositiveNumbers(t *testing.T) {
	if got := Add(2, 3); got != 5 {
		t.Errorf("Add(2, 3) = %d, want 5", got)
	}
}

func TestAddsNothing(t *testing.T) {
	if got := Add(2, 0); got != 2 {
		t.Errorf("Add(2, 0) = %d, want 2", got)
	}
}""",
    "testify": """\
func TestAddsPositiveNumbers(t *testing.T) {
	assert.Equal(t, 5, Add(2, 3))
}

func TestRefusesText(t *testing.T) {
	_, err := AddText("two", "3")
	assert.Error(t, err)
}""",
    "rust": """\
#[test]
fn adds_positive_numbers() {
    assert_eq!(add(2, 3), 5);
}

#[test]
fn refuses_text() {
    assert!(add_text("two", "3").is_err());
}""",
    "junit5": _JVM,
    "junit4": _JVM.replace("class AddTest", "public class AddTest").replace(
        "    void", "    public void"
    ),
    "xunit": _SHARP
    % (
        "Fact",
        "Assert.Equal(5, Adder.Add(2, 3));",
        "Fact",
        "Assert.Throws<ArgumentNullException>(() => Adder.Add(null, 3));",
    ),
    "nunit": _SHARP
    % (
        "Test",
        "Assert.That(Adder.Add(2, 3), Is.EqualTo(5));",
        "Test",
        "Assert.Throws<ArgumentNullException>(() => Adder.Add(null, 3));",
    ),
    "mstest": "[TestClass]\n"
    + _SHARP
    % (
        "TestMethod",
        "Assert.AreEqual(5, Adder.Add(2, 3));",
        "TestMethod",
        "Assert.ThrowsException<ArgumentNullException>(() => Adder.Add(null, 3));",
    ),
    "rspec": """\
RSpec.describe "add" do
  it "adds positive numbers" do
    expect(add(2, 3)).to eq(5)
  end

  it "refuses text" do
    expect { add("2", 3) }.to raise_error(TypeError)
  end
end""",
    "minitest": """\
class AddTest < Minitest::Test
  def test_adds_positive_numbers
    assert_equal 5, add(2, 3)
  end

  def test_refuses_text
    assert_raises(TypeError) { add("2", 3) }
  end
end""",
    "phpunit": """\
final class AddTest extends TestCase
{
    public function testAddsPositiveNumbers(): void
    {
        $this->assertSame(5, add(2, 3));
    }

    public function testRefusesText(): void
    {
        $this->expectException(TypeError::class);
        add("two", 3);
    }
}""",
    "pest": """\
it('adds positive numbers', function () {
    expect(add(2, 3))->toBe(5);
});

it('refuses text', function () {
    add('two', 3);
})->throws(TypeError::class);""",
    "googletest": """\
TEST(Add, AddsPositiveNumbers) {
  EXPECT_EQ(add(2, 3), 5);
}

TEST(Add, RefusesText) {
  EXPECT_THROW(add_text("two", "3"), std::invalid_argument);
}""",
    "catch2": """\
TEST_CASE("adds positive numbers") {
  REQUIRE(add(2, 3) == 5);
}

TEST_CASE("refuses text") {
  REQUIRE_THROWS_AS(add_text("two", "3"), std::invalid_argument);
}""",
}

#: Kotlin has its own syntax for what Java has JUnit for.
_KOTLIN = """\
class AddTest {
    @Test
    fun addsPositiveNumbers() {
        assertEquals(5, add(2, 3))
    }

    @Test
    fun refusesText() {
        assertThrows(NumberFormatException::class.java) { addText("two", "3") }
    }
}"""


def example_for(framework: str, language: str) -> str:
    """Return two tests in a framework's words."""
    return _KOTLIN if language == "kotlin" else EXAMPLES[framework]
