CREATE TABLE counters (name {text} PRIMARY KEY, value BIGINT NOT NULL);
INSERT INTO counters (name, value) VALUES ('runs', 0), ('parents', 0);

CREATE TABLE projects (
    name {text} PRIMARY KEY,
    description {text} NOT NULL,
    kind {text} NOT NULL,
    created BIGINT NOT NULL
);

-- What lists filter and sort by, and what changes with every batch of records. Everything
-- that may be long lies in run_facts, so that a batch rewrites a short row.
CREATE TABLE runs (
    number {number} PRIMARY KEY,
    id {text} NOT NULL UNIQUE,
    name {text} NOT NULL,
    project {text} NOT NULL,
    kind {text} NOT NULL,
    purpose {text} NOT NULL,
    author {text} NOT NULL,
    comment {text} NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    started BIGINT,
    ended BIGINT,
    status {text} NOT NULL,
    status_reason {text} NOT NULL,
    status_message {text} NOT NULL,
    status_changed BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    -- Attempts up to this one were reset away; their writers are refused.
    forgotten BIGINT NOT NULL,
    exit_code BIGINT,
    signal BIGINT,
    last_iteration BIGINT NOT NULL,
    archived BIGINT NOT NULL,
    tainted BIGINT NOT NULL,
    parent {text},
    identity {text},
    series_count BIGINT NOT NULL,
    console_lines BIGINT NOT NULL,
    console_bytes BIGINT NOT NULL
);
CREATE INDEX runs_by_project ON runs (project, number);
CREATE INDEX runs_by_status ON runs (status, number);
CREATE INDEX runs_by_identity ON runs (identity);
CREATE INDEX runs_by_parent ON runs (parent);

CREATE TABLE run_facts (run {number} PRIMARY KEY, document {text} NOT NULL);

CREATE TABLE run_tags (run BIGINT NOT NULL, tag {text} NOT NULL, PRIMARY KEY (run, tag));
CREATE INDEX run_tags_by_tag ON run_tags (tag, run);

-- Each parameter by its name and, within a section, also by its path.
CREATE TABLE run_params (run BIGINT NOT NULL, name {text} NOT NULL, number DOUBLE PRECISION, text {text} NOT NULL);
CREATE INDEX run_params_by_name ON run_params (name, run, number, text);
CREATE INDEX run_params_by_run ON run_params (run);

CREATE TABLE writers (
    run BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    writer {text} NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (run, attempt, writer)
);
CREATE TABLE writer_series (
    run BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    writer {text} NOT NULL,
    id BIGINT NOT NULL,
    metric {text} NOT NULL,
    variant {text} NOT NULL,
    PRIMARY KEY (run, attempt, writer, id)
);

-- last_value is null for NaN, which has no place in an order; last_bits has it exactly.
CREATE TABLE series (
    id {rising},
    run BIGINT NOT NULL,
    metric {text} NOT NULL,
    variant {text} NOT NULL,
    points BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    last_bits BIGINT NOT NULL,
    last_value DOUBLE PRECISION,
    min_value DOUBLE PRECISION,
    min_step BIGINT,
    max_value DOUBLE PRECISION,
    max_step BIGINT,
    total DOUBLE PRECISION NOT NULL,
    finite BIGINT NOT NULL,
    UNIQUE (run, metric, variant)
);
-- The run comes before the value: a filter reads the whole metric out of the index, and an
-- order finds one run's value. The other way round SQLite reads the metric once a run.
CREATE INDEX series_by_name ON series (metric, run, variant, last_value);

-- One row a batch of records, points as columns; sealing moves them into chunks.
CREATE TABLE tails (
    id {rising},
    run BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    points BIGINT NOT NULL,
    body {bytes} NOT NULL
);
CREATE INDEX tails_by_run ON tails (run, id);

CREATE TABLE chunks (
    series BIGINT NOT NULL,
    position BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    points BIGINT NOT NULL,
    summary {bytes} NOT NULL,
    rollup {bytes} NOT NULL,
    body {bytes} NOT NULL,
    PRIMARY KEY (series, position)
);
CREATE TABLE spans (
    series BIGINT NOT NULL,
    first_chunk BIGINT NOT NULL,
    next_chunk BIGINT NOT NULL,
    summary {bytes} NOT NULL,
    PRIMARY KEY (series, first_chunk)
);

CREATE TABLE console (
    run BIGINT NOT NULL,
    first_line BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    body {bytes} NOT NULL,
    PRIMARY KEY (run, first_line)
);

CREATE TABLE events (
    id {rising},
    run BIGINT NOT NULL,
    kind {text} NOT NULL,
    metric {text} NOT NULL,
    variant {text} NOT NULL,
    step BIGINT NOT NULL,
    document {bytes} NOT NULL
);
CREATE INDEX events_by_run ON events (run, metric, variant, step, id);

CREATE TABLE artifacts (
    id {rising},
    run BIGINT NOT NULL,
    name {text} NOT NULL,
    mode {text} NOT NULL,
    document {text} NOT NULL
);
CREATE INDEX artifacts_by_run ON artifacts (run, name, id);

CREATE TABLE models (
    position {rising},
    run BIGINT NOT NULL,
    id {text} NOT NULL,
    usage {text} NOT NULL,
    document {text} NOT NULL,
    UNIQUE (run, id)
);

CREATE TABLE results (
    position {rising},
    run BIGINT NOT NULL,
    step {text} NOT NULL,
    identity {text} NOT NULL,
    finished BIGINT NOT NULL,
    document {text} NOT NULL,
    UNIQUE (run, step)
);
CREATE INDEX results_by_identity ON results (identity, finished);

CREATE TABLE batches (
    id {text} PRIMARY KEY,
    name {text} NOT NULL,
    project {text} NOT NULL,
    created BIGINT NOT NULL
);
CREATE TABLE batch_members (
    batch {text} NOT NULL,
    position BIGINT NOT NULL,
    run {text} NOT NULL,
    PRIMARY KEY (batch, position)
);
CREATE INDEX batch_members_by_run ON batch_members (run);

CREATE TABLE notes (key {text} PRIMARY KEY, document {text} NOT NULL);
