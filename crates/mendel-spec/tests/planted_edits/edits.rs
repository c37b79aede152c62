//! The edits: those of the markers, those that change nothing, and those of whole statements.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::{Files, Marker, Project, STAGES, stage};

/// One edit, with what it is known to reach.
pub(crate) struct Edit {
    pub name: String,
    pub kind: String,
    pub files: Files,
    pub reaches: BTreeSet<&'static str>,
    /// Whether the code of what it reaches changes and the result need not.
    pub is_silent: bool,
}

/// Random numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("a small number") % limit
    }
}

/// All edits.
pub(crate) fn all(project: &Project) -> Vec<Edit> {
    let mut edits = Vec::new();
    for marker in &project.markers {
        edits.extend(marked(project, marker));
    }
    let mut dice = Dice(12_921);
    for (path, text) in project.files.iter().filter(|(path, _)| path.ends_with(".py")) {
        edits.extend(noise(path, text, &mut dice));
    }
    edits.extend(statements(project));
    edits
}

fn single(name: String, kind: &str, path: &str, text: String, reaches: BTreeSet<&'static str>) -> Edit {
    let files = BTreeMap::from([(path.to_owned(), Some(text))]);
    Edit { name, kind: kind.to_owned(), files, reaches, is_silent: false }
}

fn marked(project: &Project, marker: &Marker) -> Vec<Edit> {
    let variants = match (&marker.new, marker.old.parse::<i64>(), marker.old.parse::<f64>()) {
        (Some(new), _, _) => vec![new.clone()],
        (None, Ok(number), _) => vec![(number + 1).to_string(), format!("{number} + 2")],
        (None, _, Ok(number)) => vec![format!("{:?}", number + 0.25), format!("({:?} * 2)", number)],
        _ => panic!("{}: `{}` needs a new value", marker.file, marker.old),
    };
    let edit = |new: &String| {
        let name = format!("{}: {} -> {new} ({})", marker.file, marker.old, marker.kind);
        let text = project.changed(marker, new);
        let mut edit = single(name, &marker.kind, &marker.file, text, marker.stages.iter().copied().collect());
        edit.is_silent = marker.kind == "signature bump";
        edit
    };
    variants.iter().map(edit).collect()
}

/// Edits of one file that change no meaning.
fn noise(path: &str, text: &str, dice: &mut Dice) -> Vec<Edit> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut add =
        |kind: &str, text: String| found.push(single(format!("{path}: {kind}"), kind, path, text, BTreeSet::new()));

    let mut commented = Vec::new();
    for line in &lines {
        if dice.below(3) == 0 {
            commented.push(format!("# {}", dice.below(1000)));
        }
        let is_open = line.is_empty() || line.contains("\"\"\"");
        commented.push(if is_open || dice.below(2) == 0 { (*line).to_owned() } else { format!("{line}  # note") });
    }
    add("comments", commented.join("\n") + "\n");

    let spaced: Vec<String> = lines.iter().map(|line| format!("{line}{}", "\n".repeat(dice.below(3)))).collect();
    add("blank lines", spaced.join("\n") + "\n\n\n");
    add("unused function", format!("{text}\n\ndef added_by_an_edit(value):\n    return value + {}\n", dice.below(9)));
    add("unused constant", format!("ADDED_BY_AN_EDIT = {}\n{text}", dice.below(9)));
    add("main block", format!("{text}\n\nif __name__ == \"__main__\":\n    print({})\n", dice.below(9)));
    let checking = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from lab.unused import nothing\n";
    add("type checking block", format!("{checking}\n{text}"));

    let documented: Vec<String> = lines
        .iter()
        .map(|line| {
            let is_definition = line.trim_start().starts_with("def ") && line.ends_with(':');
            let indent = " ".repeat(line.len() - line.trim_start().len() + 4);
            if is_definition { format!("{line}\n{indent}'''Edited {}.'''", dice.below(99)) } else { (*line).to_owned() }
        })
        .collect();
    if documented.len() > 2 && documented.iter().any(|line| line.contains("'''")) && !text.contains("\"\"\"A") {
        add("docstrings", documented.join("\n") + "\n");
    }
    let wrapped: Vec<String> = lines
        .iter()
        .map(|line| match line.split_once("return ") {
            Some((indent, value))
                if indent.trim().is_empty() && !value.contains('{') && !line.ends_with(['(', '[']) =>
            {
                format!("{indent}return (\n{indent}    {value}\n{indent})")
            }
            _ => line.replace(" + ", "   +  ").replace('"', "'").replace("'''", "\"\"\""),
        })
        .collect();
    if wrapped != lines && !text.contains("f\"") {
        add("layout and quotes", wrapped.join("\n") + "\n");
    }
    let typed =
        text.replace("(value)", "(value: int)").replace("def adder(value: int):", "def adder(value: int) -> int:");
    let is_definition = |line: &str| !line.contains("(value: int)") || line.trim_start().starts_with("def ");
    if typed != text && typed.lines().all(is_definition) {
        add("annotations", typed);
    }
    found
}

/// One statement edited: file, what is there, what it becomes, the stages reached, the kind.
type Statement = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Kinds that change the code of what they reach and leave the result of the sample as it was.
const SILENT: [&str; 3] = ["class attribute added", "order of bases", "base of a registered subclass"];

/// Edits that put statements in, take them out or move them.
const STATEMENTS: [Statement; 40] = [
    (
        "lab/mathx/stats.py",
        "",
        "\n\ndef sum(values):\n    return 7\n",
        "Measure Combine",
        "builtin shadowed in a module",
    ),
    ("lab/mathx/__init__.py", "", "\n\ndef scale(value):\n    return 0\n", "Segment", "import shadowed in a package"),
    (
        "lab/stages/second.py",
        "",
        "\n\ndef convert(value):\n    return 0\n",
        "Legacy",
        "import shadowed in a stage's module",
    ),
    (
        "lab/mathx/stats.py",
        "__all__ = [\"mean\", \"spread\"]",
        "__all__ = [\"mean\", \"spread\", \"median\"]",
        "",
        "more exported",
    ),
    ("lab/strings.py", "", "\n\nlist = str\n", "", "builtin shadowed that nobody uses"),
    (
        "lab/strings.py",
        "",
        "\n\ndef make_adder(number):\n    return lambda value: 0\n",
        "",
        "star import shadowed by a later import",
    ),
    ("lab/util.py", "", "\n\ndef tidy(text):\n    return text\n", "Combine", "star import shadowed by a definition"),
    ("lab/shapes/square.py", "    def area", "    length = 4\n\n    def area", "Outline", "property overridden"),
    (
        "lab/shapes/square.py",
        "class Square(Rounded, Shape)",
        "class Square(Shape, Rounded)",
        "Outline",
        "order of bases",
    ),
    (
        "lab/shapes/mixins.py",
        "class Rounded:",
        "class Rounded:\n    unit = 3.0\n",
        "Outline",
        "attribute of a mixin overrides",
    ),
    ("lab/tree.py", "", "\n\nclass Twig(Node):\n    pass\n", "Tree", "registered subclass added"),
    ("lab/tree.py", "class Branch(Node)", "class Branch(Leaf)", "Tree", "base of a registered subclass"),
    ("lab/plugins/__init__.py", "blur, sharpen", "blur, sharpen, extra", "Plug", "registering import added"),
    ("lab/plugins/__init__.py", "blur, sharpen", "sharpen, blur", "", "order of registering imports"),
    ("lab/plugins/__init__.py", "blur, sharpen", "blur", "Plug", "registering import removed"),
    (
        "lab/plugins/sharpen.py",
        "",
        "\n\n@register(\"more\")\ndef more(value):\n    return 1\n",
        "Plug",
        "registered function added",
    ),
    ("lab/adorned.py", "@doubled\ndef grow", "def grow", "Adorned", "decorator removed"),
    ("lab/adorned.py", "@doubled\ndef grow", "@clamp(30)\n@doubled\ndef grow", "Adorned", "decorator added"),
    ("lab/adorned.py", "@doubled\ndef spare", "def spare", "", "decorator of an unused function removed"),
    (
        "lab/mathx/basic.py",
        "    result = value * factor\n    return result * UNIT",
        "    outcome = value * factor\n    return outcome * UNIT",
        "",
        "local renamed",
    ),
    (
        "lab/mathx/series.py",
        "out = []\n    for value in values[::STEP]:\n        total = basic.add(total) + weigh(value)\n        out.append(total)\n    return out",
        "sums = []\n    for value in values[::STEP]:\n        total = basic.add(total) + weigh(value)\n        sums.append(total)\n    return sums",
        "",
        "local renamed",
    ),
    ("lab/mathx/series.py", "    total = 0\n", "    total: float = 0\n", "", "local annotated"),
    (
        "lab/mathx/basic.py",
        "def deeper(value):\n    return value",
        "def deeper(number):\n    return number",
        "",
        "parameter renamed",
    ),
    (
        "lab/closures.py",
        "",
        "\n\ndef unused(value):\n    import os\n\n    return os.getcwd()\n",
        "",
        "function with an import added",
    ),
    (
        "lab/state.py",
        "    COUNT = COUNT + by\n",
        "    COUNT = COUNT + by + by\n",
        "Stateful",
        "global statement's function",
    ),
    ("lab/state.py", "_seen = []", "_seen = [5]", "Stateful", "mutable module state"),
    (
        "lab/registry.py",
        "REG = {}",
        "REG = {\"own\": (len, 0)} if False else {\"abs\": (abs, 0)}",
        "Plug",
        "registry starts otherwise",
    ),
    (
        "lab/stages/fifth.py",
        "",
        "\n\nclass Other:\n    def process(self, x, **kwargs):\n        return {\"y\": 1}\n",
        "",
        "stage added beside",
    ),
    (
        "lab/stages/first.py",
        "class Measure(Stage):\n",
        "class Measure(Stage):\n    outputs = [\"y\", \"z\"]\n\n",
        "Measure",
        "class attribute added",
    ),
    (
        "lab/stages/first.py",
        "import lab.constants as numbers\n",
        "import json\nimport lab.constants as numbers\n",
        "",
        "unused import added",
    ),
    (
        "lab/stages/first.py",
        "from ..mathx import scale\nfrom ..mathx.basic import deep\n",
        "from ..mathx.basic import deep\nfrom ..mathx import scale\n",
        "",
        "order of imports",
    ),
    (
        "lab/stages/first.py",
        "from ..util import THREE, tidy\n",
        "from ..util import (\n    tidy,\n    THREE,\n)\n",
        "",
        "layout of imports",
    ),
    ("lab/target.py", "class Target:", "from lab.constants import SPARE\n\n\nclass Target:", "", "unused import added"),
    ("lab/patches.py", "", "\ntarget.Target.run = lambda self, value: 0\n", "Patched", "monkey patch added"),
    ("lab/stages/sixth.py", "from .. import patches\n", "", "Patched", "import of a patching module removed"),
    (
        "lab/shapes/base.py",
        "    def name",
        "    def unused(self):\n        return 1\n\n    def name",
        "",
        "unused method of a reached class",
    ),
    (
        "lab/legacy.py",
        "except ImportError:\n    fast = None",
        "except ImportError:\n    fast = 1",
        "Legacy",
        "handler of a failed import",
    ),
    ("helpers_alone.py", "def shift", "value = 3\n\n\ndef shift", "", "global shadowed by a parameter"),
    ("alone.py", "import helpers_alone", "import helpers_alone\nfrom lab import constants", "", "quiet import added"),
    (
        "alone.py",
        "import helpers_alone",
        "import helpers_alone\nimport lab.patches",
        "",
        "import of an unrelated patching module",
    ),
];

fn statements(project: &Project) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (path, old, new, reached, kind) in STATEMENTS {
        let text = &project.files[path];
        let text = match old {
            "" => format!("{text}{new}"),
            old => {
                assert_eq!(text.matches(old).count(), 1, "{path}: `{old}`");
                text.replace(old, new)
            }
        };
        let reaches = reached.split_whitespace().map(stage).collect();
        let mut edit = single(format!("{path}: {kind}"), kind, path, text, reaches);
        edit.is_silent = SILENT.contains(&kind);
        edits.push(edit);
    }
    let mut whole = |kind: &str, files: &[(&str, Option<&str>)], reaches: BTreeSet<&'static str>| {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.map(str::to_owned))).collect();
        edits.push(Edit { name: kind.to_owned(), kind: kind.to_owned(), files, reaches, is_silent: false });
    };
    whole("module nobody imports removed", &[("lab/unused.py", None)], BTreeSet::new());
    whole("plugin nobody imports removed", &[("lab/plugins/extra.py", None)], BTreeSet::new());
    whole("module added", &[("lab/fresh.py", Some("VALUE = 1\n"))], BTreeSet::new());
    whole("module added where names are computed", &[("lab/formats/gamma.py", Some("MARK = 1\n"))], BTreeSet::new());
    whole(
        "module that hides one of Python",
        &[("json.py", Some("def loads(text):\n    return {'add': 9}\n"))],
        [stage("Alone")].into(),
    );
    whole(
        "package in place of a module",
        &[("helpers_alone/__init__.py", Some("def shift(value):\n    return 0\n"))],
        [stage("Alone")].into(),
    );
    whole("data file", &[("data.json", Some("{\"add\": 2}\n"))], BTreeSet::new());
    whole("task file reordered", &[("task.yml", Some("b: 1\na: 2\n"))], BTreeSet::new());
    whole("environment", &[("requirements.txt", Some("numpy==2.0\n"))], BTreeSet::new());
    whole("text", &[("README.md", Some("# words\n"))], BTreeSet::new());
    assert!(edits.iter().all(|edit| edit.reaches.iter().all(|stage| STAGES.contains(stage))));
    edits
}
