//! Appending records and reading back what they say.

use mendel_api::{EventQuery, Extreme};
use mendel_model::{Event, EventKind, Record, RunRef, Status};
use serde_json::json;

use crate::lab::{Lab, NOW, change, frames, line, points, refusal, series, started, writer_id};

fn event(kind: EventKind, metric: &str, step: i64) -> Record {
    let event = json!({"kind": kind, "metric": metric, "variant": "", "step": step, "time": NOW, "body": {"at": step}});
    Record::Event(serde_json::from_value::<Event>(event).expect("an event"))
}

#[tokio::test]
async fn points_come_back_as_they_were_sent() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let id = started(client, "train").await.facts.id;
        let values = [(0, 0.1), (1, f64::NAN), (2, f64::INFINITY), (1, -3.5e-300)];
        let sent = frames(1, &[series(1, "loss", "häuser/1"), points(values)]);
        assert_eq!(client.append(id, 1, writer_id(), sent.into()).await.expect("stored"), 2);

        let data = client.points(id, "loss", "häuser/1", 0).await.expect("points");
        assert_eq!(data.steps, [0, 1, 2, 1]);
        let bits: Vec<_> = data.values.iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits[0], 0.1_f64.to_bits());
        assert!(data.values[1].is_nan());
        assert_eq!(data.values[2..], [f64::INFINITY, -3.5e-300]);

        let known = client.series(id).await.expect("series");
        assert_eq!((known.len(), known[0].count, known[0].last.step), (1, 4, 2));
        assert_eq!(known[0].min, Some(Extreme { value: -3.5e-300, step: 1 }));
    }
}

#[tokio::test]
async fn a_batch_sent_again_has_its_effect_once() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let (id, writer) = (started(client, "train").await.facts.id, writer_id());
        let first = frames(1, &[series(1, "loss", ""), points([(0, 1.0)])]);
        let second = frames(3, &[points([(1, 2.0)])]);
        for batch in [&first, &first, &second, &first, &second] {
            client.append(id, 1, writer, batch.clone().into()).await.expect("acknowledged");
        }
        assert_eq!(client.points(id, "loss", "", 0).await.expect("points").values, [1.0, 2.0]);
    }
}

#[tokio::test]
async fn a_gap_between_batches_is_refused_with_what_is_missing() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let (id, writer) = (started(client, "train").await.facts.id, writer_id());
        client.append(id, 1, writer, frames(1, &[series(1, "loss", "")]).into()).await.expect("stored");

        let error = client.append(id, 1, writer, frames(5, &[line("x")]).into()).await.expect_err("a gap");
        assert_eq!(error.code(), Some("sequence_gap"));
        assert_eq!(error.problem().and_then(|problem| problem.expected), Some(2));
    }
}

#[tokio::test]
async fn records_of_a_replaced_attempt_are_refused() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let id = started(client, "train").await.facts.id;
        for to in [mendel_model::Move::Stop, mendel_model::Move::Start] {
            client.move_run(id, None, &change(to)).await.expect("moved");
        }
        let late = client.append(id, 1, writer_id(), frames(1, &[line("late")]).into()).await;
        assert_eq!(refusal(late), (409, "stale_attempt".into()));
        assert_eq!(client.console_tail(id, 10).await.expect("lines").lines, []);
    }
}

#[tokio::test]
async fn a_move_among_the_records_ends_the_run() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let id = started(client, "train").await.facts.id;
        let sent = frames(1, &[line("done"), Record::Move(change(mendel_model::Move::Complete))]);
        client.append(id, 1, writer_id(), sent.into()).await.expect("stored");
        let run = client.run(&RunRef::Id(id)).await.expect("answered").expect("there");
        assert_eq!(run.status, Status::Completed);
    }
}

#[tokio::test]
async fn a_long_series_is_drawn_with_at_most_as_many_points_as_asked_for() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let id = started(client, "train").await.facts.id;
        let values = (0..5000).map(|step| (step, (step % 100) as f64));
        let sent = frames(1, &[series(1, "loss", ""), points(values)]);
        client.append(id, 1, writer_id(), sent.into()).await.expect("stored");

        let data = client.points(id, "loss", "", 50).await.expect("points");
        assert_eq!((data.steps.len(), data.steps[1]), (50, 100));
        assert!(data.values.iter().all(|value| *value == 49.5));

        let buckets = client.sampled(id, "loss", "", 20).await.expect("buckets");
        assert!((1..=20).contains(&buckets.len()), "{}", buckets.len());
        assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 5000);
        assert_eq!(buckets[0].max.map(|most| most.value), Some(99.0));
    }
}

#[tokio::test]
async fn the_console_is_read_from_both_ends() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let (id, writer) = (started(client, "train").await.facts.id, writer_id());
        let lines: Vec<_> = (0..25).map(|number| line(&format!("line {number}"))).collect();
        client.append(id, 1, writer, frames(1, &lines).into()).await.expect("stored");

        let text = |page: &mendel_api::ConsolePage| page.lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
        let first = client.console(id, 0, 20).await.expect("a page");
        let second = client.console(id, first.next, 20).await.expect("a page");
        assert_eq!((text(&first).len(), text(&second).len()), (20, 5));
        assert_eq!(text(&client.console_tail(id, 2).await.expect("lines")), ["line 23", "line 24"]);

        client.append(id, 1, writer, frames(26, &[line("more")]).into()).await.expect("stored");
        assert_eq!(text(&client.console(id, second.next, 20).await.expect("a page")), ["more"]);
    }
}

#[tokio::test]
async fn events_are_asked_for_by_kind_and_title() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let id = started(client, "train").await.facts.id;
        let sent = [event(EventKind::Plot, "a&b", 1), event(EventKind::Plot, "a&b", 2), event(EventKind::Text, "c", 1)];
        client.append(id, 1, writer_id(), frames(1, &sent).into()).await.expect("stored");

        let count = async |query: EventQuery| client.events(id, &query).await.expect("events").len();
        assert_eq!(count(EventQuery::default()).await, 3);
        assert_eq!(count(EventQuery { kind: Some(EventKind::Plot), ..Default::default() }).await, 2);
        assert_eq!(count(EventQuery { metric: Some("a&b".into()), last: true, ..Default::default() }).await, 1);
        let newest = client.events(id, &EventQuery { last: true, ..Default::default() }).await.expect("events");
        assert!(newest.iter().any(|event| event.body == json!({"at": 2})));
    }
}

#[tokio::test]
async fn an_artifact_shows_its_newest_state_and_keeps_the_others() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let (id, writer) = (started(client, "train").await.facts.id, writer_id());
        let name = "weights/best #1";
        for (sequence, text) in [(1, "old"), (2, "new")] {
            let digest = client.put_blob(text.as_bytes()).await.expect("stored");
            let artifact = json!({
                "name": name, "type": "text", "digest": digest, "size": 3, "file": "w.txt", "time": NOW,
            });
            let record = Record::Artifact(serde_json::from_value(artifact).expect("an artifact"));
            client.append(id, 1, writer, frames(sequence, &[record]).into()).await.expect("stored");
        }

        let newest = client.artifacts(id).await.expect("artifacts");
        assert_eq!(newest.len(), 1);
        let digest = newest[0].digest.expect("bytes");
        assert_eq!(client.blob(&digest).await.expect("bytes"), "new");
        assert_eq!(client.artifact_history(id, name).await.expect("artifacts").len(), 2);
    }
}

#[tokio::test]
async fn a_model_is_listed_with_its_run() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let id = started(client, "train").await.facts.id;
        let model = json!({"id": writer_id(), "name": "net", "use": "output", "digest": null, "time": NOW});
        let record = Record::Model(serde_json::from_value(model).expect("a model"));
        client.append(id, 1, writer_id(), frames(1, &[record]).into()).await.expect("stored");

        assert_eq!(client.models(Some(id)).await.expect("models").len(), 1);
        let all = client.models_with_runs(None).await.expect("models");
        assert!(all.iter().any(|known| known.run == id && known.model.name == "net"));
    }
}

#[tokio::test]
async fn a_large_record_alone_is_stored_and_many_are_not() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let (id, writer) = (started(client, "train").await.facts.id, writer_id());
        let figure = "x".repeat(3 << 20);
        let body = json!({"kind": "text", "metric": "m", "variant": "", "step": 0, "time": NOW, "body": figure});
        let large = Record::Event(serde_json::from_value(body).expect("an event"));
        client.append(id, 1, writer, frames(1, &[large]).into()).await.expect("stored");

        let many: Vec<_> = (0..100).map(|_| line(&"y".repeat(15_000))).collect();
        let sent = client.append(id, 1, writer, frames(2, &many).into()).await;
        assert_eq!(refusal(sent), (413, "batch_too_large".into()));
        let dense = frames(2, &[series(1, "loss", ""), points((0..10_001).map(|step| (step, 0.0)))]);
        assert_eq!(refusal(client.append(id, 1, writer, dense.into()).await), (413, "too_large".into()));
    }
}

#[tokio::test]
async fn bytes_that_are_no_records_are_refused_whole() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let id = started(client, "train").await.facts.id;
        let mut bytes = frames(1, &[line("good"), line("bad")]);
        *bytes.last_mut().expect("bytes") ^= 1;
        assert_eq!(refusal(client.append(id, 1, writer_id(), bytes.into()).await), (400, "bad_records".into()));
        assert_eq!(client.console_tail(id, 5).await.expect("lines").lines, []);
    }
}

#[tokio::test]
async fn many_writers_at_once_lose_nothing() {
    let lab = Lab::new().await;
    let id = started(&lab.inside, "train").await.facts.id;
    let writers: Vec<_> = (0..8)
        .map(|number| {
            let client = mendel_api::Client::socket(lab.socket());
            tokio::spawn(async move {
                let writer = writer_id();
                let name = format!("loss {number}");
                client.append(id, 1, writer, frames(1, &[series(1, &name, "")]).into()).await.expect("stored");
                for batch in 0..20_u64 {
                    let values = (0..10).map(|step| (i64::try_from(batch).expect("small") * 10 + step, 1.0));
                    client.append(id, 1, writer, frames(2 + batch, &[points(values)]).into()).await.expect("stored");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }

    let known = lab.outside.series(id).await.expect("series");
    assert_eq!((known.len(), known.iter().map(|series| series.count).sum::<u64>()), (8, 1600));
}
