//! Events: points, plots, images and console lines, as the dialect puts them together.

mod add;
mod delete;
pub(super) mod log;
mod metrics;
mod plots;
mod sample;
mod scalars;
mod shown;
mod target;

use super::{Answer, call::Call};

pub(super) use plots::plots_of;
pub(super) use scalars::{Wanted, histogram_of};
pub(super) use shown::{by_metric, single_values_of};

/// Iteration that marks a single value.
const SINGLE: i64 = -(1 << 31);

/// Answers an endpoint of `events`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "add" => add::add_one(call).await,
        "add_batch" => add::add_batch(call).await,
        "clear_scroll" => delete::clear_scroll(call),
        "clear_task_log" => delete::clear_log(call).await,
        "delete_for_task" => delete::for_task(call).await,
        "delete_for_model" => delete::for_model(call).await,
        "get_task_log" => log::get(call).await,
        "scalar_metrics_iter_histogram" => scalars::histogram(call).await,
        "multi_task_scalar_metrics_iter_histogram" => scalars::multi_histogram(call).await,
        "scalar_metrics_iter_raw" => scalars::raw(call).await,
        "get_scalar_metric_data" => scalars::data(call).await,
        "get_task_single_value_metrics" => scalars::single_values(call).await,
        "get_task_latest_scalar_values" => scalars::latest(call).await,
        "vector_metrics_iter_histogram" => scalars::vectors(call).await,
        "get_scalar_metrics_and_variants" => metrics::scalars(call).await,
        "get_vector_metrics_and_variants" => metrics::vectors(call).await,
        "get_task_metrics" => metrics::of_tasks(call).await,
        "get_multi_task_metrics" => metrics::multi(call).await,
        "get_task_events" => plots::events(call).await,
        "get_task_plots" => plots::of_task(call).await,
        "get_multi_task_plots" => plots::multi(call).await,
        "plots" => shown::plots(call).await,
        "debug_images" => shown::images(call).await,
        "get_debug_image_sample" => sample::image(call).await,
        "next_debug_image_sample" => sample::next_image(call).await,
        "get_plot_sample" => sample::plot(call).await,
        "next_plot_sample" => sample::next_plot(call).await,
        _ => return None,
    })
}
