//! The shape of the files, once: the readers take their key names from it, and the JSON
//! Schemas are generated from it.
#![expect(dead_code, reason = "the fields are names and types; the readers fill the model instead")]

use std::{collections::BTreeMap, sync::LazyLock};

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

/// A task of Mendel.
#[derive(JsonSchema)]
#[schemars(title = "task.yaml")]
pub(crate) struct TaskShape {
    /// An id of one's own.
    id: Option<String>,
    /// The name shown; the folder's where absent.
    name: Option<String>,
    /// What the task does.
    description: Option<String>,
    /// Whether the task is offered.
    is_active: Option<bool>,
    /// The field of work, by number or name.
    project_type: Option<NumberOrText>,
    /// The entry script; `main.py`, else `main.r`, else `main.R` where absent.
    entry: Option<String>,
    /// The environment file; found by itself where absent.
    environment: Option<String>,
    /// Parameters by name.
    params: Option<BTreeMap<String, ParamOrDefault>>,
    /// Parameters in groups, as Coretex writes them.
    param_groups: Option<Vec<GroupShape>>,
    /// What `mendel sweep` does without arguments.
    sweep: Option<SweepShape>,
    /// What a run needs.
    resources: Option<ResourcesShape>,
    /// Whether values of the folders around are taken over.
    inherit: Option<bool>,
    /// Whether the task has a pipeline to run; inherited.
    runnable: Option<Value>,
    /// Stages by dotted path, or one dotted path to a pipeline class.
    pipeline: Option<TextOrTexts>,
    /// The inputs: a number, a text such as `1,3-5`, or a list.
    input_ids: Option<Value>,
    /// Hyperparameters by stage.
    config: Option<BTreeMap<String, Value>>,
    /// A YAML file with hyperparameters below those of `config`.
    base_config_path: Option<String>,
    /// Another name of `base_config_path`.
    base_config: Option<String>,
    /// Path patterns by name.
    scopes: Option<BTreeMap<String, String>>,
    /// Stages whose outputs are not stored.
    marginal_stages: Option<Vec<String>>,
    /// A declarative training.
    train: Option<Value>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum NumberOrText {
    Number(u8),
    Text(String),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum TextOrTexts {
    One(String),
    Many(Vec<String>),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(clippy::large_enum_variant, reason = "it is a shape only; no value of it is made")]
enum ParamOrDefault {
    Declaration(ShortShape),
    Default(Scalar),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Scalar {
    Truth(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Nothing(()),
}

/// The type of a parameter.
#[derive(JsonSchema)]
enum TypeName {
    #[schemars(rename = "int")]
    Int,
    #[schemars(rename = "float")]
    Float,
    #[schemars(rename = "str")]
    Str,
    #[schemars(rename = "bool")]
    Bool,
    #[schemars(rename = "enum")]
    Enum,
    #[schemars(rename = "range")]
    Range,
    #[schemars(rename = "IMUVectors")]
    ImuVectors,
    #[schemars(rename = "file")]
    File,
    #[schemars(rename = "dataset")]
    Dataset,
    #[schemars(rename = "model")]
    Model,
    #[schemars(rename = "aws_secret")]
    AwsSecret,
    #[schemars(rename = "git_secret")]
    GitSecret,
    #[schemars(rename = "credentials_secret")]
    CredentialsSecret,
    #[schemars(rename = "list[int]")]
    Ints,
    #[schemars(rename = "list[float]")]
    Floats,
    #[schemars(rename = "list[str]")]
    Texts,
    #[schemars(rename = "list[enum]")]
    Enums,
    #[schemars(rename = "list[dataset]")]
    Datasets,
    #[schemars(rename = "list[model]")]
    Models,
    #[schemars(rename = "list[aws_secret]")]
    AwsSecrets,
    #[schemars(rename = "list[git_secret]")]
    GitSecrets,
    #[schemars(rename = "list[credentials_secret]")]
    CredentialsSecrets,
}

/// A parameter of the short form.
#[derive(JsonSchema)]
pub(crate) struct ShortShape {
    /// Its type; taken from the default where absent.
    #[schemars(rename = "type")]
    kind: Option<TypeName>,
    /// Its default.
    default: Option<Value>,
    /// What it means.
    help: Option<String>,
    /// What it means; the same as `help`.
    description: Option<String>,
    /// The heading it stands under.
    group: Option<String>,
    #[schemars(flatten)]
    limits: LimitsShape,
}

/// A group of parameters.
#[derive(JsonSchema)]
pub(crate) struct GroupShape {
    /// The heading. A group named `outputs` declares what a run produces.
    name: Option<String>,
    /// Its parameters.
    params: Option<Vec<ParamShape>>,
}

/// A parameter of a group.
#[derive(JsonSchema)]
pub(crate) struct ParamShape {
    /// Its name, unique over all groups.
    name: String,
    /// What it means.
    description: Option<String>,
    /// Its default.
    value: Option<Value>,
    /// Its type; taken from the value where absent.
    data_type: Option<TypeName>,
    /// Ignored; old files have a number here.
    #[schemars(rename = "type")]
    number: Option<Value>,
    #[schemars(flatten)]
    limits: LimitsShape,
}

/// What both forms of a parameter may say.
#[derive(JsonSchema)]
struct LimitsShape {
    /// Whether a value has to be there.
    required: Option<bool>,
    /// The least value.
    min: Option<f64>,
    /// The greatest value.
    max: Option<f64>,
    /// The options of an enum; the allowed values of any other type.
    choices: Option<Vec<Value>>,
    /// The values of a grid asked for without values.
    values: Option<Value>,
    /// Whether old forms offered several values.
    dynamic: Option<bool>,
    /// Whether the value is hidden.
    secret: Option<bool>,
    /// How a form names it.
    label: Option<String>,
    /// The unit of its value.
    unit: Option<String>,
    /// `stage/key` of a staged task that takes the value.
    bind: Option<String>,
}

/// A sweep.
#[derive(JsonSchema)]
pub(crate) struct SweepShape {
    /// Values by parameter.
    grid: Option<BTreeMap<String, Value>>,
    /// The sampler.
    sampler: Option<String>,
    /// How many trials a sampler makes.
    trials: Option<u64>,
    /// The metric to make best.
    objective: Option<String>,
    /// `min` or `max`.
    direction: Option<Direction>,
}

#[derive(JsonSchema)]
enum Direction {
    #[schemars(rename = "min")]
    Min,
    #[schemars(rename = "max")]
    Max,
}

/// What a run needs.
#[derive(JsonSchema)]
pub(crate) struct ResourcesShape {
    /// Processor cores.
    cpu: Option<f64>,
    /// Accelerators.
    gpu: Option<u64>,
    /// Memory, as `512M` or `16G`, or in bytes.
    memory: Option<Value>,
    /// Time, as `90s`, `10m` or `2h`, or in seconds.
    time: Option<Value>,
}

/// A project of Mendel.
#[derive(JsonSchema)]
#[schemars(title = "mendel.toml", deny_unknown_fields)]
pub(crate) struct ProjectShape {
    /// Name of the project.
    project: Option<String>,
    /// The field of work.
    #[schemars(rename = "type")]
    kind: Option<String>,
    /// The workspace: a folder or an address.
    workspace: Option<String>,
    /// What a changed environment does.
    environment: Option<PolicyName>,
    /// What options are when they are not given.
    defaults: Option<DefaultsShape>,
    /// Snapshots.
    snapshot: Option<SnapshotShape>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum PolicyName {
    Warn,
    Strict,
    Ignore,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum EnvName {
    Auto,
    System,
    Venv,
    Conda,
    None,
}

/// What options are when they are not given.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct DefaultsShape {
    /// `--env`.
    env: Option<EnvName>,
    /// `--jobs`.
    jobs: Option<u64>,
    /// `--tag`.
    tags: Option<Vec<String>>,
}

/// What a snapshot leaves out and how large it may be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct SnapshotShape {
    /// Patterns of gitignore kind.
    ignore: Option<Vec<String>>,
    /// Most files.
    max_files: Option<u64>,
    /// Most bytes.
    max_bytes: Option<u64>,
    /// Most bytes of one file.
    max_file_bytes: Option<u64>,
}

fn keys<T: JsonSchema>() -> Vec<String> {
    let schema = schema_for!(T);
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

macro_rules! key_lists {
    ($($name:ident of $shape:ty;)*) => {
        $(pub(crate) static $name: LazyLock<Vec<String>> = LazyLock::new(keys::<$shape>);)*
    };
}

key_lists! {
    TASK_KEYS of TaskShape;
    SHORT_KEYS of ShortShape;
    GROUP_KEYS of GroupShape;
    PARAM_KEYS of ParamShape;
    SWEEP_KEYS of SweepShape;
    RESOURCES_KEYS of ResourcesShape;
    PROJECT_KEYS of ProjectShape;
    DEFAULTS_KEYS of DefaultsShape;
    SNAPSHOT_KEYS of SnapshotShape;
}
