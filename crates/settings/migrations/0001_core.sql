-- Sites, users, who may do what, tokens, sessions, goals and custom dimensions.
-- Times are seconds since 1970 (UTC), switches are 0 or 1, lists are comma-separated or JSON text.
-- Only types and clauses that PostgreSQL reads the same way. Ids are given by the application.

-- Raised in the same transaction as each change, so that other processes and caches notice.
CREATE TABLE change_number (
    name TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO change_number (name, number) VALUES ('tracking', 0);
INSERT INTO change_number (name, number) VALUES ('access', 0);

-- The last id given; ids are never used twice, even after a deletion.
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE option_value (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE config_override (
    section TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (section, name)
);

-- Settings of a feature: for everybody (login '' and idsite 0), for one user, or for one site.
CREATE TABLE plugin_setting (
    plugin TEXT NOT NULL,
    name TEXT NOT NULL,
    login TEXT NOT NULL,
    idsite BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (plugin, name, login, idsite)
);

CREATE TABLE site (
    idsite BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    site_type TEXT NOT NULL,
    site_group TEXT NOT NULL,
    timezone TEXT NOT NULL,
    currency TEXT NOT NULL,
    ecommerce BIGINT NOT NULL,
    sitesearch BIGINT NOT NULL,
    sitesearch_keyword_parameters TEXT NOT NULL,
    sitesearch_category_parameters TEXT NOT NULL,
    excluded_ips TEXT NOT NULL,
    excluded_parameters TEXT NOT NULL,
    excluded_user_agents TEXT NOT NULL,
    excluded_referrers TEXT NOT NULL,
    exclude_unknown_urls BIGINT NOT NULL,
    keep_url_fragment BIGINT NOT NULL,
    creator_login TEXT NOT NULL,
    ts_created BIGINT NOT NULL
);

-- Position 0 is the main address, the others are aliases.
CREATE TABLE site_url (
    idsite BIGINT NOT NULL REFERENCES site (idsite) ON DELETE CASCADE,
    url_position BIGINT NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (idsite, url_position)
);

-- login_key and email_key are the lower-case spellings: Matomo compares both without case.
CREATE TABLE app_user (
    login TEXT NOT NULL PRIMARY KEY,
    login_key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    superuser_access BIGINT NOT NULL,
    date_registered BIGINT NOT NULL,
    ts_password_modified BIGINT NOT NULL,
    invited_by TEXT,
    invite_token_hash TEXT,
    invite_expired_at BIGINT,
    invite_accept_at BIGINT,
    last_seen BIGINT,
    reset_token_hash TEXT,
    reset_expired_at BIGINT
);
INSERT INTO app_user (login, login_key, email, email_key, superuser_access, date_registered, ts_password_modified)
VALUES ('anonymous', 'anonymous', 'anonymous@example.org', 'anonymous@example.org', 0, 0, 0);
CREATE INDEX app_user_invite ON app_user (invite_token_hash);
CREATE INDEX app_user_reset ON app_user (reset_token_hash);

-- A role (view, write, admin) or a capability; at most one role for a user and site, kept by the application.
CREATE TABLE user_access (
    login TEXT NOT NULL REFERENCES app_user (login) ON DELETE CASCADE,
    idsite BIGINT NOT NULL REFERENCES site (idsite) ON DELETE CASCADE,
    access TEXT NOT NULL,
    PRIMARY KEY (login, idsite, access)
);
CREATE INDEX user_access_site ON user_access (idsite);

-- The hash is keyed by a key that is not in this database; that of a token imported from Matomo begins with "sha512:".
CREATE TABLE app_token (
    idtoken BIGINT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL REFERENCES app_user (login) ON DELETE CASCADE,
    description TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    date_created BIGINT NOT NULL,
    last_used BIGINT,
    date_expired BIGINT,
    secure_only BIGINT NOT NULL,
    system_token BIGINT NOT NULL,
    scope TEXT NOT NULL
);
CREATE INDEX app_token_login ON app_token (login);

CREATE TABLE user_session (
    session_hash TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL REFERENCES app_user (login) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    remember BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    second_factor BIGINT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE INDEX user_session_login ON user_session (login);

-- One row a failed attempt, so that the window slides exactly.
CREATE TABLE failed_attempt (
    idattempt BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    ip TEXT NOT NULL,
    login_key TEXT NOT NULL,
    attempted_at BIGINT NOT NULL
);
CREATE INDEX failed_attempt_ip ON failed_attempt (kind, ip, attempted_at);
CREATE INDEX failed_attempt_login ON failed_attempt (kind, login_key, attempted_at);

-- At most one row: the one-time link of the first run.
CREATE TABLE setup_link (
    token_hash TEXT NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);

CREATE TABLE goal (
    idsite BIGINT NOT NULL REFERENCES site (idsite) ON DELETE CASCADE,
    idgoal BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    match_attribute TEXT NOT NULL,
    pattern TEXT NOT NULL,
    pattern_type TEXT NOT NULL,
    case_sensitive BIGINT NOT NULL,
    allow_multiple BIGINT NOT NULL,
    revenue DOUBLE PRECISION NOT NULL,
    event_value_as_revenue BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    PRIMARY KEY (idsite, idgoal)
);

CREATE TABLE custom_dimension (
    idsite BIGINT NOT NULL REFERENCES site (idsite) ON DELETE CASCADE,
    idcustomdimension BIGINT NOT NULL,
    name TEXT NOT NULL,
    slot BIGINT NOT NULL,
    scope TEXT NOT NULL,
    active BIGINT NOT NULL,
    extractions TEXT NOT NULL,
    case_sensitive BIGINT NOT NULL,
    PRIMARY KEY (idsite, idcustomdimension),
    UNIQUE (idsite, scope, slot)
);

-- Random text of an instance (kind 'instance', idsite 0, day '') and of a site's day (kind 'day').
CREATE TABLE salt (
    kind TEXT NOT NULL,
    idsite BIGINT NOT NULL,
    salt_day TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, idsite, salt_day)
);
