//! Plans and schedules: state and event in, actions out.
