use std::{io, path::Path};

use proptest::prelude::*;

use super::*;

/// Files in memory below `/p`, with the facts that were kept of them.
#[derive(Default)]
struct Memory {
    files: BTreeMap<String, String>,
    kept: BTreeMap<String, Arc<ModuleFacts>>,
    read: usize,
}

impl Memory {
    fn key(path: &Path) -> String {
        path.strip_prefix("/p").expect("below the root").display().to_string()
    }
}

impl ModuleSource for Memory {
    fn open(&mut self, path: &Path) -> io::Result<Option<Given>> {
        let key = Self::key(path);
        if let Some(facts) = self.kept.get(&key) {
            return Ok(Some(Given::Facts(facts.clone())));
        }
        Ok(self.files.get(&key).map(|text| Given::Bytes(text.clone().into_bytes())))
    }

    fn keep(&mut self, path: &Path, facts: &Arc<ModuleFacts>) {
        self.read += 1;
        self.kept.insert(Self::key(path), facts.clone());
    }

    fn entries(&mut self, folder: &Path) -> io::Result<Vec<Entry>> {
        let key = Self::key(folder);
        let prefix = if key.is_empty() { key } else { key + "/" };
        let mut entries = BTreeMap::new();
        for rest in self.files.keys().filter_map(|path| path.strip_prefix(&prefix)) {
            let (name, is_folder) = rest.split_once('/').map_or((rest, false), |(name, _)| (name, true));
            entries.insert(name.to_owned(), is_folder);
        }
        Ok(entries.into_iter().map(|(name, is_folder)| Entry { name, is_folder }).collect())
    }
}

fn code(files: &[(&str, &str)]) -> CodeBase<Memory> {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    CodeBase::new(vec!["/p".into()], Memory { files, ..Memory::default() })
}

fn fingerprint(files: &[(&str, &str)], class: &str) -> Fingerprint {
    code(files).fingerprint(class).unwrap_or_else(|problem| panic!("{problem:?}"))
}

/// Whether the class `S` of a module is another for another text of it.
fn differs(one: &str, other: &str) -> bool {
    fingerprint(&[("m.py", one)], "m.S").digest != fingerprint(&[("m.py", other)], "m.S").digest
}

/// Whether the class `S` of module `m` is another when `other.py` is another.
fn follows(module: &str, one: &str, other: &str) -> bool {
    let of = |text| fingerprint(&[("m.py", module), ("other.py", text)], "m.S").digest;
    of(one) != of(other)
}

#[test]
fn locals_count_by_their_place_unless_something_asks_for_their_names() {
    let with = |a: &str, b: &str| {
        format!("class S:\n    def p(self, x):\n        {a} = x\n        {b} = {a}\n        return {b}\n")
    };
    assert!(!differs(&with("a", "b"), &with("c", "d")));
    assert!(!differs(&with("a", "b"), &with("b", "a")));
    assert!(differs(&with("a", "b"), &with("a", "a")));
    let asked = |name: &str| format!("class S:\n    def p(self):\n        {name} = 1\n        return locals()\n");
    assert!(differs(&asked("a"), &asked("b")));
}

#[test]
fn a_parameter_is_known_by_its_name() {
    assert!(differs("class S:\n    def p(self, a): return a\n", "class S:\n    def p(self, b): return b\n"));
}

#[test]
fn docstrings_count_only_for_code_that_looks_at_them() {
    let plain = |doc: &str| format!("class S:\n    '''{doc}'''\n    def p(self): return 1\n");
    assert!(!differs(&plain("a"), &plain("b")));
    let seen = |doc: &str| format!("class S:\n    '''{doc}'''\n    def p(self): return self.__doc__\n");
    assert!(differs(&seen("a"), &seen("b")));
}

#[test]
fn annotations_count_for_fields_and_under_unknown_decorators() {
    let method = |kind: &str| format!("class S:\n    def p(self, x: {kind}): return x\n");
    assert!(!differs(&method("int"), &method("str")));
    let decorated =
        |kind: &str| format!("from lib import check\nclass S:\n    @check\n    def p(self, x: {kind}): return x\n");
    assert!(differs(&decorated("int"), &decorated("str")));
    let field = |kind: &str| format!("class S:\n    x: {kind} = 1\n");
    assert!(differs(&field("int"), &field("str")));
}

#[test]
fn texts_count_by_what_they_mean() {
    let of = |text: &str| format!("class S:\n    a = {text}\n");
    assert!(!differs(&of("'a' 'b'"), &of("\"ab\"")));
    assert!(!differs(&of("f'a{x}' 'b'"), &of("f'a{x}b'")));
    assert!(!differs(&of("1_000"), &of("1000")));
    assert!(differs(&of("1"), &of("1.0")));
    assert!(differs(&of("'1'"), &of("b'1'")));
    assert!(differs(&of("f'{x!r}'"), &of("f'{x!s}'")));
    assert!(differs(&of("f'{x:>3}'"), &of("f'{x:>4}'")));
    assert!(differs(&of("'\\udc80'"), &of("'\\udc81'")));
    assert!(differs(&of("(1,)"), &of("[1]")));
    assert!(differs(&of("a < b"), &of("a <= b")));
}

#[test]
fn a_name_that_comes_to_hide_another_counts() {
    let module = "class S:\n    def p(self, x): return len(x)\n";
    assert!(differs(module, &format!("{module}def len(x): return 1\n")));
    assert!(!differs(module, &format!("{module}def max(x): return 1\n")));
}

#[test]
fn statements_that_change_something_count_for_whoever_imports_them() {
    let module = "import other\nclass S:\n    def p(self): return 1\n";
    let changes = [
        ("import numpy as np\nnp.random.seed(1)\n", "import numpy as np\nnp.random.seed(2)\n"),
        ("import lib\nlib.x = 1\n", "import lib\nlib.x = 2\n"),
        ("import lib\n@lib.register\ndef f(): return 1\n", "import lib\n@lib.register\ndef f(): return 2\n"),
        (
            "REG = []\ndef add(f):\n    REG.append(f)\n    return f\n@add\ndef f(): return 1\n",
            "REG = []\ndef add(f):\n    REG.append(f)\n    return f\n@add\ndef f(): return 2\n",
        ),
        (
            "REG = []\ndef add(f):\n    REG.append(f)\nx = add(1)\n",
            "REG = []\ndef add(f):\n    REG.append(f)\nx = add(2)\n",
        ),
        (
            "class B:\n    def __init_subclass__(cls): pass\nclass C(B): x = 1\n",
            "class B:\n    def __init_subclass__(cls): pass\nclass C(B): x = 2\n",
        ),
        (
            "from functools import singledispatch\n@singledispatch\ndef g(x): return 0\n@g.register(int)\ndef _(x): return 1\n",
            "from functools import singledispatch\n@singledispatch\ndef g(x): return 0\n@g.register(int)\ndef _(x): return 2\n",
        ),
    ];
    for (one, other) in changes {
        assert!(follows(module, one, other), "{one}");
    }
    let quiet = [
        ("x = 1\n", "x = 2\n"),
        ("import re\nx = re.compile('a')\n", "import re\nx = re.compile('b')\n"),
        (
            "def make(n):\n    out = []\n    out.append(n)\n    return out\nx = make(1)\n",
            "def make(n):\n    out = []\n    out.append(n)\n    return out\nx = make(2)\n",
        ),
        (
            "from functools import wraps\ndef d(f):\n    @wraps(f)\n    def w(*a): return f(*a)\n    return w\n@d\ndef f(): return 1\n",
            "from functools import wraps\ndef d(f):\n    @wraps(f)\n    def w(*a): return f(*a)\n    return w\n@d\ndef f(): return 2\n",
        ),
        ("T = {}\nT['a'] = 1\n", "T = {}\nT['a'] = 2\n"),
        (
            "class C:\n    def __init__(self): self.x = 1\nc = C()\n",
            "class C:\n    def __init__(self): self.x = 2\nc = C()\n",
        ),
    ];
    for (one, other) in quiet {
        assert!(!follows(module, one, other), "{one}");
    }
}

#[test]
fn an_object_of_unknown_class_may_be_of_any_class_with_such_a_member() {
    let files = |area: &str| {
        let shapes = format!("class Grid:\n    def area(self): return {area}\n");
        let stage =
            "class S:\n    def process(self, grid, config): return {'a': grid.area(), 'b': config.get('x', 1)}\n";
        fingerprint(&[("k/__init__.py", ""), ("k/shapes.py", &shapes), ("k/s.py", stage)], "k.s.S")
    };
    let found = files("1");
    assert_ne!(found.digest, files("2").digest);
    assert_eq!(found.doubts[0].to_string(), "k/s.py:2: an object with `.area` may be a `k.shapes.Grid`: it counts");
}

#[test]
fn what_cannot_be_followed_is_a_doubt_with_its_place() {
    let stage = "import importlib\nfrom . import ops\nclass S:\n    def process(self, x):\n        f = getattr(ops, x)\n        return importlib.import_module('k.plug.' + x).run(f)\n";
    let files = [
        ("k/__init__.py", ""),
        ("k/ops.py", "def a(): return 1\n"),
        ("k/plug/__init__.py", ""),
        ("k/plug/one.py", "def run(f): return f\n"),
        ("k/far.py", "x = 1\n"),
        ("k/s.py", stage),
    ];
    let found = fingerprint(&files, "k.s.S");
    let doubts: Vec<String> = found.doubts.iter().map(Doubt::to_string).collect();
    assert!(doubts[0].starts_with("k/s.py:5: a computed name is looked up in module `k.ops`"), "{doubts:?}");
    assert!(doubts[1].starts_with("k/s.py:6: a module below `k.plug` is imported"), "{doubts:?}");
    assert!(found.symbols.contains_key("k/plug/one.py:run"));
    assert!(!found.files.contains(&"k/far.py".to_owned()));
    let any = [
        ("k/__init__.py", ""),
        ("k/far.py", "x = 1\n"),
        ("k/s.py", "from importlib import import_module as get\nclass S:\n    def process(self, x): return get(x)\n"),
    ];
    let found = fingerprint(&any, "k.s.S");
    assert!(found.symbols.contains_key("k/far.py:x"), "{:?}", found.symbols);
    assert!(found.doubts[0].text.starts_with("`importlib.import_module` may import any module"), "{:?}", found.doubts);
}

#[test]
fn a_class_that_is_not_there_is_told_with_the_nearest() {
    let files = [("k/__init__.py", ""), ("k/s.py", "class Segment:\n    pass\ndef helper(): pass\n")];
    let problem = |class: &str| code(&files).fingerprint(class).expect_err("a problem");
    let wrong = problem("k.s.Segmant");
    assert_eq!(wrong.message, "module `k.s` has no `Segmant`, named by stage `k.s.Segmant`");
    assert_eq!((wrong.hint.as_str(), wrong.file.as_deref()), ("did you mean `Segment`?", Some("k/s.py")));
    assert_eq!(problem("k.t.Segment").message, "module `k` has no `t`, named by stage `k.t.Segment`");
    assert_eq!(problem("j.s.Segment").message, "no module `j` for stage `j.s.Segment`");
    assert_eq!(problem("k.s.helper").message, "`helper` of stage `k.s.helper` is no stage in module `k.s`");
    assert_eq!(problem("Segment").message, "`Segment` names no module: a stage is written `package.module.Class`");
    let broken = code(&[("m.py", "x = 1\nclass S(:\n")]).fingerprint("m.S").expect_err("a problem");
    assert_eq!((broken.code, broken.line), ("broken_module", Some(2)));
}

#[test]
fn a_declaration_is_read_through_bases_sums_and_constants() {
    let base =
        "NAMES = ('a', 'b')\nclass Base:\n    inputs = ['x']\n    outputs = [*NAMES]\n    enabled_by_default = False\n";
    let stage = "from mendel.pipeline import Stage\nfrom other import Base, NAMES\nclass S(Base, Stage):\n    id = 'seg'\n    inputs = Base.inputs + list(NAMES)\n    consumes: tuple = ('x',)\n";
    let found = fingerprint(&[("m.py", stage), ("other.py", base)], "m.S").declaration.expect("a declaration");
    let expected = Declaration {
        id: Some("seg".into()),
        inputs: vec!["x".into(), "a".into(), "b".into()],
        consumes: vec!["x".into()],
        outputs: vec!["a".into(), "b".into()],
        enabled_by_default: false,
    };
    assert_eq!(found, expected);
    for computed in ["inputs = [n for n in 'ab']", "inputs = make()", "inputs = property(lambda self: ['x'])"] {
        assert_eq!(
            fingerprint(&[("m.py", &format!("class S:\n    {computed}\n"))], "m.S").declaration,
            None,
            "{computed}"
        );
    }
    assert_eq!(fingerprint(&[("m.py", "import lib\nclass S(lib.Base):\n    id = 'a'\n")], "m.S").declaration, None);
}

#[test]
fn kept_facts_answer_without_reading_anything_again() {
    let files = [
        ("k/__init__.py", "from .b import B\n"),
        ("k/b.py", "class B:\n    x = 1\n"),
        ("k/s.py", "from . import B\nclass S(B):\n    pass\n"),
    ];
    let mut first = code(&files);
    let digest = first.fingerprint("k.s.S").expect("a fingerprint").digest;
    let mut source = first.into_source();
    assert_eq!(std::mem::take(&mut source.read), 3);
    for facts in source.kept.values_mut() {
        let text = serde_json::to_string(&**facts).expect("facts are written");
        *facts = Arc::new(serde_json::from_str(&text).expect("facts are read"));
    }
    let mut second = CodeBase::new(vec!["/p".into()], source);
    assert_eq!(second.fingerprint("k.s.S").expect("a fingerprint").digest, digest);
    assert_eq!(second.into_source().read, 0);
}

#[test]
fn circles_of_imports_and_stars_come_to_an_end() {
    let files = [
        ("a.py", "from b import *\nimport c\nclass S:\n    def p(self): return one() + len([])\n"),
        ("b.py", "from a import *\nfrom c import *\ndef one(): return two()\n"),
        ("c.py", "import a\nfrom b import *\ndef two(): return one()\n"),
    ];
    let found = fingerprint(&files, "a.S");
    assert!(found.symbols.contains_key("c.py:two"), "{:?}", found.symbols);
}

#[test]
fn a_fingerprint_is_the_same_whatever_was_asked_before() {
    let files = [
        ("k/__init__.py", ""),
        ("k/one.py", "import lib\nlib.x = 1\n"),
        ("k/two.py", "import lib\nlib.x = 2\n"),
        ("k/a.py", "class S:\n    def p(self, x):\n        from . import one, two\n        return x.area()\n"),
        ("k/b.py", "from . import two, one, grid\nclass S:\n    def p(self, x): return x.area()\n"),
        ("k/grid.py", "import lib\nlib.y = 1\nclass Grid:\n    def area(self): return 1\n"),
        ("k/area.py", "import lib\nlib.y = 2\nclass Area:\n    def area(self): return 1\n"),
    ];
    let mut both = code(&files);
    let after_other = (both.fingerprint("k.b.S").expect("one"), both.fingerprint("k.a.S").expect("other"));
    assert_eq!(after_other, (fingerprint(&files, "k.b.S"), fingerprint(&files, "k.a.S")));
}

#[test]
fn functions_that_call_each_other_are_quiet_only_if_all_of_them_are() {
    let other = |value: u8| {
        format!(
            "REG = []\ndef f(n):\n    g(n)\n    h(n)\ndef g(n):\n    if n: f(n)\ndef h(n):\n    REG.append(n)\nx = f(0)\ny = g({value})\n"
        )
    };
    assert!(follows("import other\nclass S:\n    pass\n", &other(1), &other(2)));
}

#[test]
fn a_local_that_a_function_within_binds_again_may_be_anything() {
    let stage = "class A:\n    pass\nclass S:\n    def process(self, x):\n        a = A()\n        def swap():\n            nonlocal a\n            a = x\n        swap()\n        return a.area()\n";
    let of = |area: &str| {
        let grid = format!("class Grid:\n    def area(self): return {area}\n");
        fingerprint(&[("k/__init__.py", ""), ("k/grid.py", &grid), ("k/s.py", stage)], "k.s.S").digest
    };
    assert_ne!(of("1"), of("2"));
}

const NOISY: &str = "import math\nfrom k import util\n\nLIMIT = 3\n\n\nclass S:\n    size = 2\n\n    def process(self, x, y=1):\n        total = 0\n        for item in x:\n            if item > LIMIT:\n                total += util.scale(item)\n        return {'y': f'{total}', 'z': [math.sin(v) for v in x]}\n\n    def other(self):\n        return self.size\n";

proptest! {
    #[test]
    fn noise_anywhere_never_changes_a_digest(seed in proptest::collection::vec(0_u8..8, 32)) {
        let mut text = String::new();
        for (line, kind) in NOISY.lines().zip(&seed) {
            match kind {
                1 => text.push_str("# a comment\n"),
                2 => text.push_str("\n\n"),
                3 => text.push_str("     # another\n"),
                _ => {}
            }
            text.push_str(line);
            let indent = " ".repeat(line.len() - line.trim_start().len() + 4);
            match kind {
                4 => text.push_str("   "),
                5 if !line.is_empty() => text.push_str("  # at the end"),
                6 if line.trim_start().starts_with("def ") || line.starts_with("class ") => {
                    text.push_str(&format!("\n{indent}'''A docstring\n\n{indent}of two lines.'''"));
                }
                _ => {}
            }
            text.push('\n');
        }
        let util = "def scale(v):\n    return v\n";
        let of = |text: &str| fingerprint(&[("k/__init__.py", ""), ("k/util.py", util), ("m.py", text)], "m.S");
        prop_assert_eq!(of(&text).digest, of(NOISY).digest);
    }
}
