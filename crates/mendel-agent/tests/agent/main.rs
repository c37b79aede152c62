//! Real processes under a real supervisor, over a real store.

mod console;
mod end;
mod folder;
mod lab;
mod observe;
mod params;
mod slots;
mod watcher;
