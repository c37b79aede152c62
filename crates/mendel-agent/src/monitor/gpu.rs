//! Load of NVIDIA devices, asked on a thread that may hang without anyone waiting.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    thread,
    time::Duration,
};

use mendel_model::SeriesKey;
use nvml_wrapper::{Device, Nvml, enum_wrappers::device::TemperatureSensor, error::NvmlError};

use super::{GPU, key};

/// A driver that takes longer is left alone until it answers.
const PATIENCE: Duration = Duration::from_secs(2);
const GIB: f64 = (1u64 << 30) as f64;

type Sample = Vec<(SeriesKey, f64)>;

/// Asks the driver, if there is one.
pub(super) struct GpuSampler {
    link: Option<Link>,
}

struct Link {
    questions: Sender<()>,
    answers: Receiver<Sample>,
    /// A question was not answered in time.
    waiting: bool,
}

impl GpuSampler {
    /// Starts the thread that asks; it ends by itself where there is no driver.
    pub(super) fn start() -> Self {
        Self::with(|questions, answers| {
            // No library, no driver, no device: there is nothing to sample.
            let Ok(nvml) = Nvml::init() else { return };
            while questions.recv().is_ok() {
                if answers.send(sample(&nvml)).is_err() {
                    return;
                }
            }
        })
    }

    fn with(answer: impl FnOnce(Receiver<()>, Sender<Sample>) + Send + 'static) -> Self {
        let (questions, asked) = channel();
        let (answered, answers) = channel();
        let started = thread::Builder::new().name("gpu".to_owned()).spawn(move || answer(asked, answered));
        Self { link: started.is_ok().then_some(Link { questions, answers, waiting: false }) }
    }

    /// The devices' values; none while the driver does not answer.
    pub(super) fn sample(&mut self) -> Sample {
        self.sample_within(PATIENCE)
    }

    fn sample_within(&mut self, patience: Duration) -> Sample {
        let Some(link) = &mut self.link else { return Vec::new() };
        if link.waiting {
            // The late answer is old; it only shows that the driver is back.
            match link.answers.try_recv() {
                Ok(_) => link.waiting = false,
                Err(TryRecvError::Empty) => return Vec::new(),
                Err(TryRecvError::Disconnected) => {}
            }
        }
        let asked = link.questions.send(()).map_err(|_| RecvTimeoutError::Disconnected);
        match asked.and_then(|()| link.answers.recv_timeout(patience)) {
            Ok(sample) => sample,
            Err(RecvTimeoutError::Timeout) => {
                link.waiting = true;
                Vec::new()
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.link = None;
                Vec::new()
            }
        }
    }
}

fn sample(nvml: &Nvml) -> Sample {
    let mut values = Vec::new();
    for number in 0..nvml.device_count().unwrap_or(0) {
        // A device that fell off the bus has no values; the others go on.
        if let Ok(device) = nvml.device_by_index(number) {
            sample_device(&device, number, &mut values);
        }
    }
    values
}

fn sample_device(device: &Device<'_>, number: u32, values: &mut Sample) {
    let mut add = |name: &str, value: Result<f64, NvmlError>| {
        if let Ok(value) = value {
            values.push((key(GPU, format!("gpu_{number}_{name}")), value));
        }
    };
    add("utilization", device.utilization_rates().map(|rates| f64::from(rates.gpu)));
    let memory = device.memory_info();
    let memory = memory.as_ref().map(|memory| (memory.used as f64, memory.total as f64));
    if let Ok((used, total)) = memory {
        add("mem_used_gb", Ok(used / GIB));
        add("mem_usage", Ok(100.0 * used / total));
    }
    add("temperature", device.temperature(TemperatureSensor::Gpu).map(f64::from));
    add("power_usage", device.power_usage().map(|milliwatts| f64::from(milliwatts) / 1000.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> Sample {
        vec![(key(GPU, "gpu_0_utilization"), 5.0)]
    }

    #[test]
    fn f66_a_driver_that_hangs_is_left_alone_and_asked_again_when_it_is_back() {
        let (release, held) = channel::<()>();
        let mut sampler = GpuSampler::with(move |questions, answers| {
            questions.recv().expect("asked");
            held.recv().expect("released");
            answers.send(one()).expect("heard");
            questions.recv().expect("asked again");
            answers.send(one()).expect("heard");
        });
        let short = Duration::from_millis(5);
        assert_eq!(sampler.sample_within(short), []);
        assert_eq!(sampler.sample_within(short), []);
        release.send(()).expect("the driver waits");
        let mut sample = Vec::new();
        while sample.is_empty() {
            sample = sampler.sample_within(Duration::from_secs(60));
        }
        assert_eq!(sample, one());
    }

    #[test]
    fn a_machine_without_a_driver_has_no_values() {
        let mut sampler = GpuSampler::with(|_, _| ());
        assert_eq!(sampler.sample(), []);
        assert!(sampler.link.is_none());
    }
}
