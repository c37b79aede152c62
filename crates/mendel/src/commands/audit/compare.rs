//! What differs between a stored result and the same computed again.

use std::collections::BTreeMap;

use mendel_model::{Digest, InputId, StepResult};
use serde::Serialize;

use crate::{context::Context, exit::Failure};

/// The most bytes of a value that are read to find where it differs.
const BYTES_MAX: u64 = 64 << 20;

/// One value that came out differently.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// The run that stored it.
    pub run: i64,
    /// The stage, or `main` for a script.
    pub stage: String,
    /// The input of the stage.
    pub input: Option<InputId>,
    /// The field, the file of a scope, or the output of a script.
    pub field: String,
    /// Where the bytes differ first.
    pub first: String,
    /// Digest of what was stored.
    pub before: Option<Digest>,
    /// Digest of what came out now.
    pub after: Option<Digest>,
}

/// What of a result can be compared: digest, size and whether the bytes are there, by name.
type Made = BTreeMap<String, (Digest, u64, bool)>;

/// The values that differ between a stored result and the same computed again.
pub async fn differences(
    context: &Context,
    run: i64,
    before: &StepResult,
    after: &StepResult,
) -> Result<Vec<Difference>, Failure> {
    let (then, now) = (made(before), made(after));
    let stage = before.step.split('[').next().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    let names: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    for name in names {
        let (was, is) = (then.get(name), now.get(name));
        let digest = |made: Option<&(Digest, u64, bool)>| made.map(|made| made.0);
        if digest(was) != digest(is) {
            found.push(Difference {
                run,
                stage: stage.clone(),
                input: before.input.clone(),
                field: name.clone(),
                first: first(context, was, is).await?,
                before: digest(was),
                after: digest(is),
            });
        }
    }
    Ok(found)
}

fn made(result: &StepResult) -> Made {
    let outputs = result.outputs.iter();
    let mut made: Made =
        outputs.map(|output| (output.path.clone(), (output.digest, output.size, output.kept))).collect();
    if let Some(stage) = &result.stage {
        made.extend(stage.fields.iter().map(|field| (field.name.clone(), (field.digest, field.size, field.kept))));
        let name = |scope: &str, rest: &str| match rest {
            "" => format!("scope:{scope}"),
            rest => format!("scope:{scope}/{rest}"),
        };
        made.extend(
            stage.files.iter().map(|file| (name(&file.scope, &file.path_suffix), (file.digest, file.size, true))),
        );
    }
    made
}

/// Where two values differ first, in words.
async fn first(
    context: &Context,
    was: Option<&(Digest, u64, bool)>,
    is: Option<&(Digest, u64, bool)>,
) -> Result<String, Failure> {
    let (Some((before, size, kept)), Some((after, other_size, other_kept))) = (was, is) else {
        let gone = if was.is_some() { "it was not made again" } else { "it was not made before" };
        return Ok(gone.to_owned());
    };
    if !kept || !other_kept || (*size).max(*other_size) > BYTES_MAX {
        return Ok(format!("its digest ({size} and {other_size} bytes)"));
    }
    let (one, other) = (context.client.blob(before).await?, context.client.blob(after).await?);
    Ok(match one.iter().zip(other.iter()).position(|(one, other)| one != other) {
        Some(at) => format!("byte {at}: 0x{:02x} and 0x{:02x}", one[at], other[at]),
        None => format!("{} bytes and {}", one.len(), other.len()),
    })
}
