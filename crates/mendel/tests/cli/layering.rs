//! The structure of the house, guarded: who may import whom, and how large a file may be.

use std::{collections::BTreeMap, path::Path};

const LAYERS: [(&str, u8); 11] = [
    ("mendel-model", 1),
    ("mendel-api", 2),
    ("mendel-engine", 2),
    ("mendel-journal", 2),
    ("mendel-snapshot", 2),
    ("mendel-spec", 2),
    ("mendel-store", 2),
    ("mendel-agent", 3),
    ("mendel-server", 3),
    ("mendel", 4),
    ("mendel-python", 4),
];

fn crates() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates").to_owned()
}

#[test]
fn imports_go_downwards_only() {
    let layer: BTreeMap<_, _> = LAYERS.into_iter().collect();
    for (name, own) in LAYERS {
        let text = std::fs::read_to_string(crates().join(name).join("Cargo.toml")).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("a manifest");
        let used = manifest["dependencies"].as_table().into_iter().flat_map(toml::Table::keys);
        for used in used.filter(|used| used.starts_with("mendel")) {
            let below = layer.get(used.as_str()).unwrap_or_else(|| panic!("`{used}` has a layer"));
            assert!(below < &own, "`{name}` (layer {own}) imports `{used}` (layer {below})");
        }
    }
    let found = std::fs::read_dir(crates()).expect("crates").flatten().filter(|entry| entry.path().is_dir()).count();
    assert_eq!(found, LAYERS.len(), "every crate has a layer");
}

#[test]
fn the_python_module_never_opens_the_database_and_the_agent_never_sees_the_store() {
    let text = |name: &str| std::fs::read_to_string(crates().join(name).join("Cargo.toml")).expect("a manifest");
    let normal = |name: &str| text(name).split("[dev-dependencies]").next().unwrap_or_default().to_owned();
    for name in ["mendel-python", "mendel-agent", "mendel-api", "mendel-journal", "mendel-snapshot", "mendel-spec"] {
        assert!(!normal(name).contains("sqlx") && !normal(name).contains("mendel-store"), "{name}");
    }
    for name in ["mendel-store", "mendel-engine", "mendel-model"] {
        assert!(!normal(name).contains("axum") && !normal(name).contains("http"), "{name}");
    }
}

#[test]
fn no_source_file_is_longer_than_a_subject() {
    let mut open = vec![crates(), crates().parent().expect("a root").join("python/mendel")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "py") {
                let lines = std::fs::read_to_string(&path).unwrap_or_default().lines().count();
                assert!(lines <= 500, "{} has {lines} lines", path.display());
                let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                assert!(!["utils", "helpers", "common", "misc"].contains(&name), "{} names no subject", path.display());
            }
        }
    }
}
