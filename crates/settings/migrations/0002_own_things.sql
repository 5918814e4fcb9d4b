-- What people make for themselves and for others: segments, notes, dashboards, mails, preferences, second factors;
-- and what the program keeps for itself: failures of tracking, due times of jobs.

-- login is empty when its author is gone.
CREATE TABLE segment (
    idsegment BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    definition_hash TEXT NOT NULL,
    login TEXT NOT NULL,
    enable_all_users BIGINT NOT NULL,
    enable_only_idsite BIGINT NOT NULL,
    auto_archive BIGINT NOT NULL,
    ts_created BIGINT NOT NULL,
    ts_last_edit BIGINT,
    deleted BIGINT NOT NULL
);
CREATE INDEX segment_hash ON segment (definition_hash);

CREATE TABLE annotation (
    idsite BIGINT NOT NULL REFERENCES site (idsite) ON DELETE CASCADE,
    idnote BIGINT NOT NULL,
    note_date TEXT NOT NULL,
    note TEXT NOT NULL,
    starred BIGINT NOT NULL,
    login TEXT NOT NULL,
    PRIMARY KEY (idsite, idnote)
);
CREATE INDEX annotation_date ON annotation (idsite, note_date);

CREATE TABLE dashboard (
    login TEXT NOT NULL REFERENCES app_user (login) ON DELETE CASCADE,
    iddashboard BIGINT NOT NULL,
    name TEXT NOT NULL,
    layout TEXT NOT NULL,
    PRIMARY KEY (login, iddashboard)
);

CREATE TABLE scheduled_report (
    idreport BIGINT NOT NULL PRIMARY KEY,
    idsite BIGINT NOT NULL REFERENCES site (idsite) ON DELETE CASCADE,
    login TEXT NOT NULL REFERENCES app_user (login) ON DELETE CASCADE,
    description TEXT NOT NULL,
    idsegment BIGINT,
    send_period TEXT NOT NULL,
    period_param TEXT NOT NULL,
    send_hour BIGINT NOT NULL,
    report_type TEXT NOT NULL,
    report_format TEXT NOT NULL,
    reports TEXT NOT NULL,
    parameters TEXT NOT NULL,
    evolution_graph_within_period BIGINT NOT NULL,
    evolution_graph_period_n BIGINT NOT NULL,
    ts_created BIGINT NOT NULL,
    ts_last_sent BIGINT,
    deleted BIGINT NOT NULL
);
CREATE INDEX scheduled_report_site ON scheduled_report (idsite);

-- Addresses whose owner does not want a scheduled report any more.
CREATE TABLE report_unsubscribed (
    idreport BIGINT NOT NULL REFERENCES scheduled_report (idreport) ON DELETE CASCADE,
    email_key TEXT NOT NULL,
    ts_unsubscribed BIGINT NOT NULL,
    PRIMARY KEY (idreport, email_key)
);

CREATE TABLE user_preference (
    login TEXT NOT NULL REFERENCES app_user (login) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (login, name)
);

CREATE TABLE user_language (
    login TEXT NOT NULL PRIMARY KEY REFERENCES app_user (login) ON DELETE CASCADE,
    language TEXT NOT NULL,
    use_12_hour_clock BIGINT NOT NULL
);

-- The secret is encrypted with a key that is not in this database. last_step is the time step of the last code used.
CREATE TABLE two_factor (
    login TEXT NOT NULL PRIMARY KEY REFERENCES app_user (login) ON DELETE CASCADE,
    sealed_secret TEXT NOT NULL,
    confirmed BIGINT NOT NULL,
    last_step BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    login TEXT NOT NULL REFERENCES app_user (login) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    PRIMARY KEY (login, code_hash)
);

-- No reference to site: a failure may be that the site does not exist.
CREATE TABLE tracking_failure (
    idsite BIGINT NOT NULL,
    idfailure BIGINT NOT NULL,
    date_first_occurred BIGINT NOT NULL,
    request_url TEXT NOT NULL,
    PRIMARY KEY (idsite, idfailure)
);

CREATE TABLE job_due (
    name TEXT NOT NULL PRIMARY KEY,
    due BIGINT NOT NULL
);
