use mendel_agent::job::{FolderLink, Keep, WorkingFolder};
use mendel_model::{DependencyKind, Status};

use crate::lab::{Lab, alone, read};

fn private(links: Vec<FolderLink>) -> WorkingFolder {
    WorkingFolder::Private { below: String::new(), links }
}

#[test]
fn a_private_folder_holds_the_snapshot_and_what_is_written_in_it_never_flows_back() {
    alone(async {
        let lab = Lab::new().await;
        lab.write(
            "train.py",
            "import util, os\nopen('out.txt', 'w').write(util.WORD + open('data/in.txt').read())\n\
            open('util.py', 'a').write('# more')\n",
        );
        lab.write("util.py", "WORD = 'old '\n");
        let data = lab.place.path().join("data");
        std::fs::create_dir(&data).expect("made");
        std::fs::write(data.join("in.txt"), "data").expect("written");
        let mut job = lab.script("train.py", &[]).await;
        lab.write("util.py", "WORD = 'new '\n");
        job.folder = private(vec![FolderLink { path: "data".into(), target: data }]);
        let id = job.run;
        let finished = lab.finish(job).await;

        assert_eq!(finished.run.status, Status::Completed, "{:?}", finished.ended);
        assert!(!lab.project().join("out.txt").exists());
        assert_eq!(read(lab.project().join("util.py")), "WORD = 'new '\n");
        let result = lab.result(id).await.expect("a result");
        let outputs: Vec<_> = result.outputs.iter().map(|output| output.path.as_str()).collect();
        assert_eq!(outputs, ["out.txt", "util.py"]);
        assert_eq!(&lab.client.blob(&result.outputs[0].digest).await.expect("stored")[..], b"old data");
        let inputs = result.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Input);
        assert_eq!(inputs.map(|input| input.subject.as_str()).collect::<Vec<_>>(), ["data/in.txt"]);
        assert!(!lab.workspace.work(id).exists(), "it is removed when everything in it is kept");
    });
}

#[test]
fn the_folder_of_a_failed_run_stays_for_its_next_attempt() {
    alone(async {
        let lab = Lab::new().await;
        let script = "import os, sys\nif not os.path.exists('point'):\n  open('point', 'w').close()\n  sys.exit(1)\n";
        lab.write("train.py", script);
        let mut job = lab.script("train.py", &[]).await;
        job.folder = private(Vec::new());
        assert_eq!(lab.finish(job.clone()).await.run.status, Status::Failed);
        let second = lab.finish(job).await.run;
        assert_eq!((second.status, second.attempt), (Status::Completed, 2));
    });
}

#[test]
fn ct_38_outputs_are_kept_as_artifacts_when_asked() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "open('model.bin', 'wb').write(b'123')\n");
        let mut job = lab.script("train.py", &[]).await;
        job.keep = Keep { artifacts: true, monitor: false, ..Keep::default() };
        let id = job.run;
        lab.finish(job).await;
        let artifacts = lab.client.artifacts(id).await.expect("asked");
        assert_eq!((artifacts.len(), artifacts[0].name.as_str(), artifacts[0].size), (1, "model.bin", 3));
    });
}

#[test]
fn a_listing_in_a_private_folder_is_compared_with_the_project() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import os\nos.listdir('.')\nopen('new.txt', 'w').close()\n");
        lab.write("b.txt", "");
        let mut job = lab.script("train.py", &[]).await;
        job.folder = private(Vec::new());
        let id = job.run;
        let finished = lab.finish(job).await;
        let result = lab.result(id).await.expect("a result");
        let listing = result.dependencies.iter().find(|one| one.kind == DependencyKind::Listing).expect("seen");
        let present = mendel_snapshot::listing_digest(&lab.project()).expect("listed");
        assert_eq!((listing.subject.as_str(), listing.digest), (".", present), "{:?}", finished.ended);
        assert!(finished.ended.reusable, "{:?}", finished.ended.tainted);
    });
}
