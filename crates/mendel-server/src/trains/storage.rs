//! Settings of outside storage, which pages keep here. Secrets are told to administrators only.

use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    time::iso,
    value::{int, texts, told},
};

/// The note that keeps the settings.
const NOTE: &str = "storage_settings";
const KINDS: [&str; 3] = ["aws", "google", "azure"];

/// Answers an endpoint of `storage`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    let answer = match action {
        "get_settings" => get(call).await,
        "set_settings" => set(call).await,
        "reset_settings" => reset(call).await,
        _ => return None,
    };
    Some(answer)
}

async fn kept(call: &Call) -> Result<Object, Refusal> {
    if !call.who.is_admin() {
        return Err(Refusal::role());
    }
    Ok(told(call.app.store.note(NOTE).await?.unwrap_or_default()))
}

async fn get(call: &Call) -> Answer {
    let kept = kept(call).await?;
    let mut answer: Object =
        KINDS.iter().filter_map(|key| Some(((*key).to_owned(), kept.get(*key)?.clone()))).collect();
    if let Some(updated) = int(&kept, "updated") {
        answer.insert("last_update".to_owned(), iso(mendel_model::Timestamp(updated)).into());
    }
    Ok(answer)
}

async fn set(call: &Call) -> Answer {
    let mut settings = kept(call).await?;
    let mut changed = false;
    for key in KINDS {
        if let Some(value) = call.data.get(key).filter(|value| !value.is_null()) {
            settings.insert(key.to_owned(), value.clone());
            changed = true;
        }
    }
    save(call, settings, changed).await
}

async fn reset(call: &Call) -> Answer {
    let mut settings = kept(call).await?;
    let before = settings.len();
    for key in texts(&call.data, "keys").unwrap_or_default() {
        settings.remove(&key);
    }
    let changed = settings.len() != before;
    save(call, settings, changed).await
}

async fn save(call: &Call, mut settings: Object, changed: bool) -> Answer {
    if changed {
        settings.insert("updated".to_owned(), (call.app.now)().0.into());
        call.app.store.put_note(NOTE, &Value::Object(settings)).await?;
    }
    Ok(told(json!({"updated": u8::from(changed)})))
}
