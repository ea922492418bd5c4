"""Names of standard libraries that can mean one thing only, and the lines that import them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_GO = """
bufio bytes cmp context crypto/sha256 encoding/hex encoding/json errors fmt io iter log maps math
math/bits math/rand net/http net/url os os/exec path path/filepath reflect regexp slices sort
strconv strings sync sync/atomic time unicode unicode/utf8
"""

_JAVA = {
    "java.util": """
    ArrayDeque ArrayList Arrays Collection Collections Comparator Deque EnumMap HashMap HashSet
    Iterator LinkedHashMap LinkedHashSet LinkedList List Locale Map NoSuchElementException Objects
    Optional PriorityQueue Queue Set StringJoiner TreeMap TreeSet UUID
    """,
    "java.util.stream": "Collectors IntStream LongStream Stream",
    "java.util.function": "BiConsumer BiFunction Consumer Function Predicate Supplier",
    "java.util.regex": "Matcher Pattern",
    "java.math": "BigDecimal BigInteger RoundingMode",
    "java.time": "Duration Instant LocalDate LocalDateTime",
    "java.nio.file": "Files Path Paths",
    "java.io": "IOException UncheckedIOException",
}

_RUST = {
    "std::cell": "Cell RefCell",
    "std::collections": "BTreeMap BTreeSet BinaryHeap HashMap HashSet VecDeque",
    "std::path": "Path PathBuf",
    "std::rc": "Rc",
    "std::str": "FromStr",
    "std::sync": "Arc Mutex RwLock",
    "std::time": "Duration Instant",
}


def _lines(form: str, modules: Mapping[str, str]) -> dict[str, str]:
    return {
        name: form.format(module=module, name=name)
        for module, names in modules.items()
        for name in names.split()
    }


#: Language -> name as code uses it -> the line that imports it.
STD_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "go": {path.rpartition("/")[2]: f'import "{path}"' for path in _GO.split()},
        "java": _lines("import {module}.{name};", _JAVA),
        "rust": _lines("use {module}::{name};", _RUST),
    }
)
