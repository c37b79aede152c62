-- A project has an id that stays when its name changes, and free facts.
ALTER TABLE projects ADD COLUMN id {text} NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN document {text} NOT NULL DEFAULT '{}';
UPDATE projects SET id = {chance};
CREATE UNIQUE INDEX projects_by_id ON projects (id);

-- The first point that came, and the one that the latest batch ended with.
ALTER TABLE series ADD COLUMN first_value DOUBLE PRECISION;
ALTER TABLE series ADD COLUMN first_step BIGINT;
ALTER TABLE series ADD COLUMN recent_bits BIGINT;
-- What the steps of a series count, where someone said so.
ALTER TABLE series ADD COLUMN label {text} NOT NULL DEFAULT '';

-- A copy of the document `system_tags`, so that lists need not read all documents.
ALTER TABLE runs ADD COLUMN system_tags {text} NOT NULL DEFAULT '[]';

-- Models of the workspace, whoever made or reads them; `models` tells which runs do.
CREATE TABLE registry (
    position {rising},
    id {text} NOT NULL UNIQUE,
    name {text} NOT NULL,
    project {text} NOT NULL,
    task {text} NOT NULL,
    ready BIGINT NOT NULL,
    document {text} NOT NULL
);
CREATE INDEX registry_by_task ON registry (task);

CREATE TABLE queues (
    position {rising},
    id {text} NOT NULL UNIQUE,
    name {text} NOT NULL UNIQUE,
    document {text} NOT NULL
);
CREATE TABLE queue_entries (
    queue {text} NOT NULL,
    run {text} NOT NULL,
    place BIGINT NOT NULL,
    added BIGINT NOT NULL,
    PRIMARY KEY (queue, run)
);
CREATE INDEX queue_entries_by_run ON queue_entries (run);

CREATE TABLE workers (name {text} NOT NULL, owner {text} NOT NULL, seen BIGINT NOT NULL, document {text} NOT NULL,
    PRIMARY KEY (name, owner));
CREATE TABLE worker_reports (worker {text} NOT NULL, time BIGINT NOT NULL, document {text} NOT NULL);
CREATE INDEX worker_reports_by_time ON worker_reports (worker, time);

-- Files that are known by a path and not by their content.
CREATE TABLE files (id {rising}, path {text} NOT NULL UNIQUE, size BIGINT NOT NULL, time BIGINT NOT NULL, document {text} NOT NULL);
