//! Projects: every run belongs to one, and can be moved to another with all it recorded.

use serde_json::{Value, json};

use crate::lab::{Lab, id};

fn in_project(lab: &Lab, project: &str, script: &str) -> Value {
    lab.write(script, format!("print('{script}')\n"));
    lab.run(&["--project", project, script])
}

fn names(lab: &Lab, project: &str) -> Vec<String> {
    let listed = lab.json(&["runs", "--project", project]);
    listed["runs"].as_array().expect("runs").iter().map(|run| run["name"].to_string().replace('"', "")).collect()
}

#[test]
fn ct_01_what_is_made_in_a_project_is_listed_there_and_nowhere_else() {
    let lab = Lab::new();
    lab.json(&["project", "create", "cells"]);
    lab.json(&["project", "create", "empty"]);

    in_project(&lab, "cells", "count.py");
    in_project(&lab, "digits", "train.py");

    assert_eq!((names(&lab, "cells"), names(&lab, "digits")), (vec!["count".into()], vec!["train".into()]));
    assert_eq!(names(&lab, "empty"), Vec::<String>::new());
    assert_eq!(lab.json(&["project", "show", "cells"])["newest"][0]["name"], "count");
    assert_eq!(lab.json(&["project", "show", "empty"])["newest"], json!([]));
}

#[test]
fn ct_02_a_run_lands_in_the_project_of_its_folder_and_never_in_none() {
    let lab = Lab::new();
    lab.write("train.py", "print('x')\n");
    lab.run(&["train.py"]);
    lab.write("mendel.toml", "project = \"digits\"\n");
    lab.json(&["--workspace", "here", "run", "--no-monitor", "--env", "system", "train.py"]);

    assert_eq!(lab.json(&["--workspace", "here", "runs"])["runs"][0]["project"], "digits");
    std::fs::remove_file(lab.folder().join("mendel.toml")).expect("there");
    assert_eq!(lab.json(&["runs"])["runs"][0]["project"], "work", "the folder's name where nothing is said");
    let answer = lab.mendel(&["run", "--force", "--env", "system", "--project", " ", "train.py"]);
    answer.refused(&["project"]);
    assert_eq!(lab.json(&["runs"])["total"], 1);
}

#[test]
fn ct_06_a_run_moves_to_another_project_with_everything_it_recorded() {
    let lab = Lab::new();
    let run = in_project(&lab, "digits", "train.py");
    lab.json(&["project", "create", "cells"]);
    let before = lab.json(&["show", id(&run)]);

    lab.mendel(&["project", "move", "@1", "--to", "cell"]).refused(&["`cell`", "`cells`"]);
    let moved = lab.json(&["project", "move", "@1", "--to", "cells"]);

    assert_eq!((id(&moved["runs"][0]), &moved["runs"][0]["project"]), (id(&run), &json!("cells")));
    assert_eq!((names(&lab, "digits"), names(&lab, "cells")), (Vec::<String>::new(), vec!["train".into()]));
    let mut after = lab.json(&["show", id(&run)]);
    after["project"] = before["project"].clone();
    assert_eq!(after, before, "nothing else changed");
    assert_eq!(lab.mendel(&["logs", "@1"]).out.trim(), "train.py");
}
