//! Pages of a list: by number, or onward from where a scroll stands.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::trains::{Object, refusal::Refusal, time::new_id};

/// Documents on one page, at most.
const MOST: i64 = 500;
/// How long a scroll is remembered.
const LIFE: Duration = Duration::from_secs(600);
/// Scrolls that are remembered at once; the oldest go first.
const SCROLLS: usize = 10_000;

/// Where scrolls stand; kept in memory, since they live for minutes.
#[derive(Debug, Default)]
pub(crate) struct Scrolls(Mutex<HashMap<String, (Instant, Value)>>);

impl Scrolls {
    /// Remembers where a scroll stands, under its id or a new one.
    pub(crate) fn put(&self, id: Option<&str>, state: Value) -> String {
        let id = id.map_or_else(new_id, str::to_owned);
        let mut scrolls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        scrolls.retain(|_, (since, _)| since.elapsed() < LIFE);
        if scrolls.len() >= SCROLLS {
            let oldest = scrolls.iter().min_by_key(|(_, (since, _))| *since).map(|(id, _)| id.clone());
            oldest.map(|oldest| scrolls.remove(&oldest));
        }
        scrolls.insert(id.clone(), (Instant::now(), state));
        id
    }

    /// Where a scroll stands; none where it is not remembered.
    pub(crate) fn get(&self, id: &str) -> Option<Value> {
        let scrolls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        scrolls.get(id).filter(|(since, _)| since.elapsed() < LIFE).map(|(_, state)| state.clone())
    }

    /// Forgets a scroll.
    pub(crate) fn remove(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    start: usize,
    size: usize,
    scroll: Option<Scroll>,
}

#[derive(Debug, Clone)]
struct Scroll {
    id: Option<String>,
    next: usize,
}

impl Page {
    /// Reads `page` and `page_size`, or `scroll_id` and `size`.
    pub(crate) fn read(request: &Object, scrolls: &Scrolls) -> Result<Self, Refusal> {
        let number = |key: &str| match request.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let wrong = || Refusal::invalid(format!("`{key}` is not a number")).with("field", key);
                value.as_i64().ok_or_else(wrong).map(Some)
            }
        };
        let limited = |key: &str| match number(key)?.unwrap_or(MOST) {
            size if size <= 0 => Err(Refusal::invalid(format!("`{key}` must be positive")).with("field", key)),
            size => Ok(size.min(MOST) as usize),
        };
        let size = request.get("size").is_some_and(|size| !size.is_null());
        if request.contains_key("scroll_id") && size {
            let size = limited("size")?;
            let id = request.get("scroll_id").and_then(Value::as_str).filter(|id| !id.is_empty());
            let position = match id {
                None => 0,
                Some(id) => {
                    let state = scrolls.get(id).ok_or_else(|| {
                        Refusal::bad(1104, format!("Invalid scroll id: scroll_id={id}")).with("scroll_id", id)
                    })?;
                    state.as_u64().unwrap_or(0) as usize
                }
            };
            let refresh = request.get("refresh_scroll").and_then(Value::as_bool).unwrap_or(false);
            let (start, size, next) =
                if refresh && position > 0 { (0, position, position) } else { (position, size, position + size) };
            return Ok(Self { start, size, scroll: Some(Scroll { id: id.map(str::to_owned), next }) });
        }
        let page = number("page")?.unwrap_or(0);
        if page < 0 {
            return Err(Refusal::invalid("`page` must not be negative").with("field", "page"));
        }
        let size = limited("page_size")?;
        Ok(Self { start: (page as usize).saturating_mul(size), size, scroll: None })
    }

    /// The page of a list, and the scroll that goes on.
    pub(crate) fn cut<T>(self, items: Vec<T>, scrolls: &Scrolls) -> (Vec<T>, Option<String>) {
        let total = items.len();
        let cut = items.into_iter().skip(self.start).take(self.size).collect();
        let scroll = self.scroll.map(|Scroll { id, next }| scrolls.put(id.as_deref(), next.min(total).into()));
        (cut, scroll)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(request: Value, scrolls: &Scrolls) -> Result<(Vec<i32>, Option<String>), Refusal> {
        let page = Page::read(request.as_object().expect("an object"), scrolls)?;
        Ok(page.cut((0..10).collect(), scrolls))
    }

    #[test]
    fn tr_15_pages_are_complete() {
        let scrolls = Scrolls::default();
        let cut = |request| page(request, &scrolls).expect("good").0;
        assert_eq!(cut(json!({"page": 1, "page_size": 4})), [4, 5, 6, 7]);
        assert_eq!(cut(json!({"page": 3, "page_size": 4})), [0; 0]);
        assert_eq!(cut(json!({})).len(), 10);
        for bad in [json!({"page_size": 0}), json!({"page_size": -1}), json!({"page": -1})] {
            assert_eq!(page(bad, &scrolls).expect_err("bad").subcode, 12);
        }
    }

    #[test]
    fn tr_15_a_scroll_goes_on_and_may_be_seen_again() {
        let scrolls = Scrolls::default();
        let (first, id) = page(json!({"scroll_id": null, "size": 4}), &scrolls).expect("good");
        let (second, _) = page(json!({"scroll_id": id, "size": 4}), &scrolls).expect("good");
        let (again, _) = page(json!({"scroll_id": id, "size": 4, "refresh_scroll": true}), &scrolls).expect("good");
        let (third, _) = page(json!({"scroll_id": id, "size": 4}), &scrolls).expect("good");
        assert_eq!((first, second, third), (vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]));
        assert_eq!(again.len(), 8);
        assert_eq!(page(json!({"scroll_id": "x", "size": 4}), &scrolls).expect_err("bad").subcode, 1104);
    }
}
