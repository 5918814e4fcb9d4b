//! `takwimu user`, `token` and `unblock`: for whoever sits at the machine, when nobody can sign in.

use settings::{NewToken, NewUser, PasswordRules, Secret};

use crate::arguments::Arguments;
use crate::configuration::Configuration;
use crate::house::{open_settings, runtime};
use crate::time::now;

/// Makes a superuser, or gives a user another password.
pub fn user(arguments: &Arguments) -> Result<(), String> {
    match two_words(arguments)? {
        [word, login] if word == "password" => set_password(arguments, login),
        [login, email] => make_user(arguments, login, email),
    }
}

fn make_user(arguments: &Arguments, login: &str, email: &str) -> Result<(), String> {
    let configuration = Configuration::of(arguments)?;
    runtime()?.block_on(async {
        let settings = open_settings(&configuration.data).await?;
        let user = NewUser {
            login: login.to_owned(),
            email: email.to_owned(),
            password: read_password()?,
            invited_by: None,
        };
        let made = settings
            .create_superuser(user, PasswordRules::SUPERUSER_FORM, now())
            .await;
        made.map_err(|error| error.to_string())?;
        println!("{login} is a superuser now.");
        settings.close().await;
        Ok(())
    })
}

fn set_password(arguments: &Arguments, login: &str) -> Result<(), String> {
    let configuration = Configuration::of(arguments)?;
    let failed = |error: settings::Error| error.to_string();
    runtime()?.block_on(async {
        let settings = open_settings(&configuration.data).await?;
        let user = settings.user(login).await.map_err(failed)?;
        let rules = match user.superuser_access {
            true => PasswordRules::SUPERUSER_FORM,
            false => PasswordRules::FORM,
        };
        settings
            .set_password(login, &read_password()?, rules, None, now())
            .await
            .map_err(failed)?;
        println!(
            "{} has a new password; all sessions have ended.",
            user.login
        );
        settings.close().await;
        Ok(())
    })
}

/// Lets everybody try again who was locked out.
pub fn unblock(arguments: &Arguments) -> Result<(), String> {
    let configuration = Configuration::of(arguments)?;
    runtime()?.block_on(async {
        let settings = open_settings(&configuration.data).await?;
        let unblocked = settings.unblock_all().await;
        unblocked.map_err(|error| error.to_string())?;
        println!("Everybody may try again.");
        settings.close().await;
        Ok(())
    })
}

/// Makes a token and shows it.
pub fn make_token(arguments: &Arguments) -> Result<(), String> {
    let [login, description] = two_words(arguments)?;
    let configuration = Configuration::of(arguments)?;
    let failed = |error: settings::Error| error.to_string();
    runtime()?.block_on(async {
        let settings = open_settings(&configuration.data).await?;
        let user = settings
            .check_password(login, &read_password()?)
            .await
            .map_err(failed)?;
        let user = user.ok_or("login or password is wrong")?;
        let new = NewToken {
            login: user.login,
            description: description.clone(),
            ..NewToken::default()
        };
        let (_, token) = settings.create_token(new, now()).await.map_err(failed)?;
        println!("{}", token.expose());
        settings.close().await;
        Ok(())
    })
}

fn two_words(arguments: &Arguments) -> Result<&[String; 2], String> {
    let words = arguments.words.as_slice();
    words
        .try_into()
        .map_err(|_| "two words must follow; see takwimu help".to_owned())
}

fn read_password() -> Result<Secret, String> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}
