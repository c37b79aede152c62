-- Random keys of this installation: what signs tokens and hashes the secrets of keys.
CREATE TABLE secrets (name {text} PRIMARY KEY, bytes {bytes} NOT NULL, created BIGINT NOT NULL);

CREATE TABLE users (
    id {text} PRIMARY KEY,
    name {text} NOT NULL UNIQUE,
    full_name {text} NOT NULL,
    kind {text} NOT NULL,
    role {text} NOT NULL,
    created BIGINT NOT NULL,
    disabled BIGINT NOT NULL
);

CREATE TABLE access_keys (
    id {text} PRIMARY KEY,
    owner {text} NOT NULL,
    hash {bytes} NOT NULL,
    label {text} NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    last_used BIGINT,
    last_used_from {text} NOT NULL,
    revoked BIGINT NOT NULL
);
CREATE INDEX access_keys_by_owner ON access_keys (owner);

-- Tokens are checked by their signature; only those taken back are remembered, until they end.
CREATE TABLE revoked_sessions (id {text} PRIMARY KEY, ends BIGINT NOT NULL);

-- The member is a user's id, or `*` for everyone who is signed in.
CREATE TABLE members (
    project {text} NOT NULL,
    member {text} NOT NULL,
    role {text} NOT NULL,
    PRIMARY KEY (project, member)
);
CREATE INDEX members_by_member ON members (member, project);

-- Each row holds the digest of the one before it, so that a change of an old one shows.
CREATE TABLE audit (
    position BIGINT PRIMARY KEY,
    moment BIGINT NOT NULL,
    actor {text} NOT NULL,
    origin {text} NOT NULL,
    action {text} NOT NULL,
    object {text} NOT NULL,
    project {text} NOT NULL,
    outcome {text} NOT NULL,
    detail {text} NOT NULL,
    chain {bytes} NOT NULL
);
CREATE INDEX audit_by_project ON audit (project, position);
INSERT INTO counters (name, value) VALUES ('audit', 0);
