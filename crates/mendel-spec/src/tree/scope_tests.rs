use std::fs;

use super::*;

#[test]
fn rp_41_a_scope_is_filled_as_python_fills_it() {
    let (number, text) = (InputId::Int(7), InputId::from("ab"));
    for (pattern, id, path) in [
        ("a/%s.png", &number, "a/7.png"),
        ("a/%s.png", &text, "a/ab.png"),
        ("%d", &number, "7"),
        ("%03d", &number, "007"),
        ("%03d", &InputId::Int(-7), "-07"),
        ("%+d", &number, "+7"),
        ("% d", &number, " 7"),
        ("%-4d|", &number, "7   |"),
        ("%5s|", &text, "   ab|"),
        ("%-5s|", &text, "ab   |"),
        ("%05s", &text, "   ab"),
        ("%.1s", &text, "a"),
        ("%.3d", &number, "007"),
        ("%08.3d", &number, "00000007"),
        ("%i-x", &number, "7-x"),
        ("%u", &number, "7"),
        ("%ld", &number, "7"),
        ("%x", &InputId::Int(255), "ff"),
        ("%#06X", &InputId::Int(255), "0X00FF"),
        ("%o", &InputId::Int(8), "10"),
        ("100%%/%s", &number, "100%/7"),
        ("seg/x.png", &number, "seg/x.png"),
        ("seg/100%%", &text, "seg/100%"),
    ] {
        assert_eq!(fill_scope("seg", pattern, id).unwrap(), path, "{pattern}");
    }
}

#[test]
fn rp_41_a_pattern_that_an_id_does_not_fill_names_scope_pattern_and_id() {
    for (pattern, id, why) in [
        ("seg/%d.png", InputId::from("ab"), "takes a number only"),
        ("seg/%03d.png", InputId::from("7"), "takes a number only"),
        ("%s/%s", InputId::Int(7), "2 placeholders"),
        ("seg/%q", InputId::Int(7), "`%q` is not known"),
        ("seg/%", InputId::Int(7), "incomplete placeholder"),
        ("seg/%9999d", InputId::Int(7), "greatest width"),
    ] {
        let fault = fill_scope("seg", pattern, &id).unwrap_err().to_string();
        for part in ["`seg`", pattern, &id.json(), why] {
            assert!(fault.contains(part), "{fault}");
        }
    }
}

struct Folder {
    _kept: tempfile::TempDir,
    root: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("x/seg")).unwrap();
        Self { _kept: dir, root }
    }

    fn around<R>(&self, look: impl FnOnce(&Around<'_>) -> R) -> R {
        look(&Around { folder: &self.root.join("x"), dirname: "x", rootdir: &self.root })
    }
}

#[test]
fn rp_42_rp_43_paths_are_relative_to_the_task_and_know_its_name_and_its_root() {
    let folder = Folder::new();
    let root = folder.root.display().to_string();
    let home = std::env::home_dir().unwrap().canonicalize().unwrap().display().to_string();
    for (written, path) in [
        ("seg/a.yml", format!("{root}/x/seg/a.yml")),
        ("./seg/../a.yml", format!("{root}/x/a.yml")),
        ("../{DIRNAME}.yml", format!("{root}/x.yml")),
        ("{ROOTDIR}/out/{DIRNAME}/a", format!("{root}/out/x/a")),
        ("/no/such", "/no/such".to_owned()),
        ("~/a", format!("{home}/a")),
        ("a~/b", format!("{root}/x/a~/b")),
    ] {
        folder.around(|around| {
            assert_eq!(around.path(written), Path::new(&path), "{written}");
            assert_eq!(around.pattern(&format!("{written}/%s")), format!("{path}/%s"), "{written}");
        });
    }
}

#[test]
fn rp_41_links_are_resolved_as_far_as_a_path_exists() {
    let folder = Folder::new();
    std::os::unix::fs::symlink(folder.root.join("x/seg"), folder.root.join("x/link")).unwrap();
    folder.around(|around| {
        let seg = folder.root.join("x/seg");
        assert_eq!(around.path("link/new/a.yml"), seg.join("new/a.yml"));
        assert_eq!(around.pattern("link/%03d.png"), format!("{}/%03d.png", seg.display()));
    });
}

#[test]
fn rp_42_a_percent_of_a_folder_s_name_is_no_placeholder() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let task = root.join("50%");
    fs::create_dir(&task).unwrap();
    let around = Around { folder: &task, dirname: "50%", rootdir: &root };
    for written in ["seg/%s.png", "{ROOTDIR}/{DIRNAME}/seg/%s.png"] {
        let pattern = around.pattern(written);
        let filled = fill_scope("seg", &pattern, &InputId::Int(3)).unwrap();
        assert_eq!(Path::new(&filled), task.join("seg/3.png"), "{written}");
    }
    assert_eq!(around.path("{ROOTDIR}/{DIRNAME}/base.yml"), task.join("base.yml"));
}
