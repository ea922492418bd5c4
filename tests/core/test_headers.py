"""Which lines look like the head of a declaration, whatever else is wrong with the code."""

import pytest

from dola_ls.core.headers import declared_name, declared_names

HEADS = {
    "def total(items:": "total",
    "    async def total(": "total",
    "class Cart(Base)": "Cart",
    "    def self.total": "total",
    "function total(a {": "total",
    "export default async function total(a) {": "total",
    "function* walk(tree) {": "walk",
    "export class Cart {": "Cart",
    "interface Cart": "Cart",
    "export type Price = {": "Price",
    "func total(a int) int {": "total",
    "func (c *Cart) Total() int {": "Total",
    "type Cart struct {": "Cart",
    "pub fn total(a: &str) -> i32 {": "total",
    "pub(crate) async unsafe fn total() {": "total",
    "pub struct Cart {": "Cart",
    "mod tests {": "tests",
    "public static int total(int a) {": "total",
    "    private List<String> names() {": "names",
    "    @Override public String toString() {": "toString",
    "int main(void) {": "main",
    "static char *name(struct a *b) {": "name",
    "    total(a, b) {": "total",
    "    async total(a): Promise<void> {": "total",
    "public record Point(int x) {": "Point",
    "fun total(a: Int): Int {": "total",
    "module Shop": "Shop",
}
OTHERS = [
    "",
    "x = 1",
    "return total(a)",
    "if (a) {",
    "  } else if (a) {",
    "for (const a of b) {",
    "while (true) {",
    "  switch (a) {",
    "} catch (error) {",
    "total(a);",
    "const total = 1",
    "# def total",
    "a = {",
    "typed = 1",
    "classes = []",
]


@pytest.mark.parametrize("line", HEADS)
def test_a_head(line: str) -> None:
    assert declared_name(line) == HEADS[line]


@pytest.mark.parametrize("line", OTHERS)
def test_no_head(line: str) -> None:
    assert declared_name(line) is None


@pytest.mark.parametrize("piece", ["*", "a ", "a*", "public ", "@a ", "(", "a(", "<a>, "])
def test_a_very_long_line_takes_no_time(piece: str) -> None:
    assert declared_name(piece * 20_000) is None


def test_all_heads_of_a_text() -> None:
    assert declared_names("class A:\r\n    def b(:\r\n        c()\r\n") == {"A", "b"}
