//! `isocenter`: parses the command line, wires the rooms together, decides nothing.

mod access;
mod arrival;
mod audit_trail;
mod cli;
mod commands;
mod confinement;
mod connector;
mod exports;
mod identity;
mod logging;
mod overseer;
mod peer_argument;
mod scrubbing;
mod secure;
mod services;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::commands::Failure;
use crate::commands::say::remark;

fn main() -> ExitCode {
    supervisor::title::init("isocenter");
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(arguments) => commands::serve::run(&arguments),
        Command::Nursery => commands::association::nursery(),
        Command::Housekeeper => commands::housekeeper::run(),
        Command::Notifier => commands::notifier::run(),
        Command::Connector => commands::connector::run(),
        Command::Import(arguments) => commands::import::run(&arguments),
        Command::Echo(arguments) => commands::echo::run(&arguments),
        Command::Find(arguments) => commands::find::run(&arguments),
        Command::Send(arguments) => commands::send::run(&arguments),
        Command::Correct(arguments) => commands::correct::run(&arguments.command),
        Command::Reindex(arguments) => commands::reindex::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::User(arguments) => commands::user::run(&arguments.command),
        Command::Audit(arguments) => commands::audit::run(&arguments.command),
        Command::Settings(arguments) => commands::settings::run(&arguments),
        Command::Certificates(arguments) => commands::certificates::run(&arguments),
        Command::Statement(arguments) => commands::statement::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(words)) => {
            remark(format_args!("isocenter: {words}"));
            ExitCode::FAILURE
        }
    }
}
