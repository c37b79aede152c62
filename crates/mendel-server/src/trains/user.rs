//! Users and their credentials.

use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    query::{Conditions, Fields, Order, Page, Projection},
    refusal::Refusal,
    session,
    value::{needed, object, told, updated},
};

/// Which fields of users take which conditions.
const FIELDS: Fields =
    Fields { pattern: &["name"], list: &["id"], range: &[], date: &[], exact: &[], text: &["id", "name"] };

/// Answers an endpoint of `auth`.
pub(super) async fn auth(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "login" => session::login(call).await,
        "logout" => session::logout(call).await,
        "validate_token" => session::validate_token(call).await,
        "get_token_for_user" => session::token_for_user(call).await,
        "fixed_users_mode" => Ok(told(json!({"enabled": false, "server_errors": {}}))),
        "create_credentials" => session::create_credentials(call).await,
        "get_credentials" => session::get_credentials(call).await,
        "edit_credentials" => session::edit_credentials(call).await,
        "revoke_credentials" => session::revoke_credentials(call).await,
        "create_user" => session::create_user(call).await,
        "edit_user" => session::edit_user(call).await,
        _ => return None,
    })
}

/// Answers an endpoint of `login`.
pub(super) async fn login(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "supported_modes" => Ok(told(json!({
            "basic": {"enabled": false, "guest": {"enabled": false}}, "sso": {}, "sso_providers": [],
            "server_errors": {"missed_es_upgrade": false, "es_connection_error": false},
            "authenticated": !call.who.id.is_empty(),
        }))),
        "logout" => Ok(Object::new()),
        _ => return None,
    })
}

/// Answers an endpoint of `users`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "get_current_user" => current(call).await,
        "get_all" | "get_all_ex" => all(call).await,
        "get_by_id" => by_id(call).await,
        "get_preferences" => preferences(call).await.map(|preferences| told(json!({"preferences": preferences}))),
        "set_preferences" => set_preferences(call).await,
        "create" => session::create_user(call).await,
        "update" => session::update_user(call).await,
        "delete" => session::delete_user(call).await,
        _ => return None,
    })
}

/// `users.get_current_user`
async fn current(call: &Call) -> Answer {
    let user = json!({
        "id": call.who.id, "name": call.who.name, "given_name": call.who.name, "family_name": "",
        "role": call.who.role, "avatar": "", "company": session::company(),
        "preferences": preferences(call).await?,
    });
    Ok(told(json!({"user": user, "getting_started": {}, "settings": {"max_download_items": "1000"}})))
}

/// `users.get_all`
async fn all(call: &Call) -> Answer {
    let conditions = Conditions::read(&call.data, &FIELDS)?;
    let (order, projection) = (Order::read(&call.data)?, Projection::read(&call.data)?);
    let page = Page::read(&call.data, &call.app.scrolls)?;
    let mut fitting = Vec::new();
    for user in session::told_users(call).await? {
        if conditions.fit(&user)? {
            fitting.push(user);
        }
    }
    order.sort(&mut fitting);
    let (cut, _) = page.cut(fitting, &call.app.scrolls);
    let users: Vec<Object> = cut.into_iter().map(|user| projection.apply(user)).collect();
    Ok(told(json!({"users": users})))
}

/// `users.get_by_id`
async fn by_id(call: &Call) -> Answer {
    let id = needed(&call.data, "user")?;
    let users = session::told_users(call).await?;
    let user = users.into_iter().find(|user| user.get("id").and_then(Value::as_str) == Some(id));
    let user = user.ok_or_else(|| Refusal::bad(301, format!("Invalid user id: id={id}")).with("id", id))?;
    Ok(told(json!({"user": user})))
}

/// The note with the preferences of whoever calls.
fn preferences_of(call: &Call) -> String {
    format!("preferences/{}", call.who.id)
}

async fn preferences(call: &Call) -> Result<Value, Refusal> {
    Ok(call.app.store.note(&preferences_of(call)).await?.unwrap_or_else(|| json!({})))
}

/// `users.set_preferences`: objects are merged, key by key.
async fn set_preferences(call: &Call) -> Answer {
    let given = object(&call.data, "preferences").cloned().unwrap_or_default();
    if given.keys().any(|key| key.starts_with('$')) {
        return Err(Refusal::bad(305, "Malformed preference").with("preferences", Value::Object(given)));
    }
    let mut kept = preferences(call).await?;
    merge(&mut kept, &Value::Object(given.clone()));
    call.app.store.put_note(&preferences_of(call), &kept).await?;
    Ok(updated(1, told(json!({"preferences": given}))))
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert_with(|| json!({})), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
