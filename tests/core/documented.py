"""A file in each language with a grammar, and the judgement on an edit that documents one."""

from __future__ import annotations

from dola_ls.core.document import Document, Span
from dola_ls.core.documentation import only_comments_changed
from dola_ls.core.parsing import parse
from dola_ls.core.rewrite import Rewrite

PYTHON = '''\
#!/usr/bin/env python3
# -*- coding: utf-8 -*-
"""Shop things."""
import os  # noqa: F401


class Cart:
    """A cart."""

    size = 3
    name = "# no comment"

    @property
    def total(self, rate=0.5, *rest, sep="#"):
        # adds up
        """Add up."""
        label = f"{self.size!r} # {sep:>{rate}}"
        text = """kept
          as it is"""
        if rate:  # type: ignore
            return [one for one in rest if one]
        return label + text, lambda a: a * 2


async def plain(a, b): return a + b
'''

SCRIPT = """\
#!/usr/bin/env node
'use strict';
/* eslint-disable no-console */
// eslint-disable-next-line
import { a } from './a'; // trailing

/** Adds. */
export function total(items, rate = 0.5) {
  const text = `sum ${items /* all */} // no comment`;
  const url = "http://x/*y*/", re = /\\/\\/[/*]/g;
  for (const one of items) {
    rate += one.value ?? 1;
  }
  return text + url.replace(re, rate > 1 ? 'a' : "b");
}

class Cart {
  #size = 1;
  static add = async (one) => { await one; };
  get size() { return this.#size }
}
"""
JSX = """\
const Box = ({ a, b }) => (
  <div className="a // b">
    {/* shown */}
    text // no comment
    <b>{a} {b}</b>
  </div>
);
"""
TYPED = """\
/// <reference types="node" />
interface Item<T> { readonly value: T; name?: string }
enum Kind { A = 1, B = 'b' }
abstract class Cart<T extends Item<number>> {
  private items: T[] = [];
  // @ts-expect-error
  @log() total(this: Cart<T>, rate: number = 1): number {
    return this.items!.length as number * rate;
  }
}
export type Fn = (a: string) => void;
"""
GO = """\
//go:build linux

// Package shop sells.
package shop

import "fmt"

//go:generate stringer -type=Kind
type Kind int

// Cart holds items.
type Cart[T any] struct {
	Items []T `json:"items"` // all
}

//go:noinline
func (c *Cart[T]) Total(rate float64, n ...int) (sum int, err error) {
	text := `// no comment`
	for i, one := range n {
		sum += one * i //nolint:gosec
	}
	go func() { fmt.Println(text, 'a', "/* b */") }()
	return sum, nil
}
"""
RUST = """\
//! Shop.
#![allow(dead_code)]
use std::fmt;

/// A cart.
#[derive(Debug)]
#[doc = "More."]
pub struct Cart<'a, T: Clone> {
    items: Vec<&'a T>,
}

impl<'a, T: Clone> Cart<'a, T> {
    pub fn total(&self, rate: f64) -> Result<u64, fmt::Error> {
        let text = r#"// no "comment" "#;
        let n = self.items.iter().map(|one| one.clone()).count();
        println!("{} {}", text, /* all */ rate as u64);
        if n == 0 { return Err(fmt::Error) }
        Ok(n as u64 + 'a' as u64)
    }
}
macro_rules! twice { ($x:expr) => { $x + $x } }
"""
JAVA = '''\
package shop;

import java.util.List;

/** A cart. */
@SuppressWarnings("all")
public class Cart<T extends Number> {
    private final String name = "// no /* comment";
    private int size = 1; // NOSONAR

    @Override
    public <R> List<R> total(List<? super T> items, final int rate) throws Exception {
        String text = """
            kept // as it is
            """;
        for (var one : items) { size += rate > 1 ? 2 : 3; }
        return null;
    }

    enum Kind { A, B }
}
'''
C = """\
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#define TWICE(a) ((a) * 2)
#define LONG_ONE 1 + \\
    2
#ifdef DEBUG
static int level = 1;
#endif

/** A cart. */
struct cart { int size; char *name; };

// clang-format off
int total(struct cart *c, const int rate) {
    const char *text = "// no /* comment";
    for (int i = 0; i < c->size; i++) {
        c->size += rate ? 'a' : 0x1f; // NOLINT
    }
    switch (rate) { case 1: level(); /* fallthrough */ default: break; }
    return *text;
}
"""
CPP = """\
#pragma once
#include <vector>
namespace shop {
/// A cart.
template <typename T>
class Cart : public Base<T> {
public:
    explicit Cart(int n = 1) : size_{n} {}
    auto total(const std::vector<T>& items) const -> int {
        auto text = R"x(// no "comment")x";
        auto add = [&](auto one) mutable { return one + size_; };
        return add(items.size()) > 1 ? 'a' : 2;
    }
    int size_ = 0; ///< How many.
};
}
"""
CSHARP = '''\
#pragma warning disable CS1591
using System;

namespace Shop
{
    /// <summary>A cart.</summary>
    [Serializable]
    public class Cart<T> where T : new()
    {
        #region data
        private string path = @"c:\\no // comment";
        #endregion
        public int Size { get; set; } = 1;

        public int Total(int rate = 2, params T[] items)
        {
            var text = $"{rate:0.0} // {items.Length /* all */}";
            var raw = """ // kept """;
            foreach (var one in items) { Size += rate > 1 ? 2 : 3; }
            return text.Length + raw.Length; // ReSharper disable once All
        }
    }
}
'''
RUBY = """\
# frozen_string_literal: true
require "set"

# A cart.
class Cart < Base
  SIZE = 3 # rubocop:disable Style/All
  attr_reader :items

  def total(rate = 0.5, *rest, sep: "#")
    text = "sum #{items.map { |one| one + rate }} # no comment"
    doc = <<~TEXT
      # kept #{rate}
        as it is
    TEXT
    words = %w[a b]
    return doc if rate =~ /a # b/x
    items
      .select { |one| one > 1 }
      .sum
  end
end
"""
PHP = """\
<?php
declare(strict_types=1);
namespace Shop;

use Foo\\Bar;

/**
 * A cart.
 *
 * @ORM\\Entity(
 *     table="carts"
 * )
 */
#[Attr(1)]
final class Cart extends Base
{
    private string $name = '// no # comment'; // phpcs:ignore

    public function total(array $items, int $rate = 2): ?int
    {
        $text = "sum {$items[0]} // $rate";
        $doc = <<<TEXT
        # kept $rate
        TEXT;
        foreach ($items as $key => $one) { $rate += $one ?: 1; }
        return $rate;
    }
}
?>
<b>// text</b>
"""

#: Language -> a file in it.
FILES = {
    "python": PYTHON,
    "javascript": SCRIPT,
    "javascriptreact": JSX,
    "typescript": SCRIPT.removeprefix("#!/usr/bin/env node\n") + TYPED,
    "typescriptreact": JSX + TYPED.partition("\n")[2],
    "go": GO,
    "rust": RUST,
    "java": JAVA,
    "c": C,
    "cpp": CPP,
    "csharp": CSHARP,
    "ruby": RUBY,
    "php": PHP,
}


def refused(language: str, before: str, after: str) -> str | None:
    """Return why one text must not become another by an edit that documents it."""
    document = Document("file:///a", language, 1, before)
    rewrite = Rewrite(Span(0, len(before)), after, ())
    return only_comments_changed(document, parse(document), rewrite)
