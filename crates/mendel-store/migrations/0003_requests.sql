-- Requests that changed something and named a key of their own, with what they were answered,
-- so that the same request sent again is answered alike. A status of 0 is not answered yet.
CREATE TABLE requests (
    sender {text} NOT NULL,
    key {text} NOT NULL,
    digest {text} NOT NULL,
    status BIGINT NOT NULL,
    body {bytes} NOT NULL,
    moment BIGINT NOT NULL,
    PRIMARY KEY (sender, key)
);
CREATE INDEX requests_by_moment ON requests (moment);
