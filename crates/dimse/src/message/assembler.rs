use upper_layer::Piece;

use super::COMMAND_BYTES_MAX;
use crate::ended::Misbehaviour;
use crate::incoming::Command;

/// Puts fragments together: commands whole, data sets piece by piece (PS3.7 6.3.1, PS3.8 annex E).
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    /// What has come of a command that arrives in more than one piece. Empty otherwise.
    command: Vec<u8>,
    stage: Stage,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// The first fragment of a command.
    #[default]
    BetweenMessages,
    /// The next fragment of a command.
    Command { context_id: u8 },
    /// A fragment of the data set that the last command announced.
    DataSet { context_id: u8 },
}

/// What a piece turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Part of a command that is not whole yet.
    Partial,
    /// The last piece of a command.
    Command(Command),
    /// A piece of the announced data set.
    DataSet,
}

impl Assembler {
    /// Whether the data set of the last command is not complete yet.
    pub(crate) fn in_data_set(&self) -> bool {
        matches!(self.stage, Stage::DataSet { .. })
    }

    /// Whether nothing of a message has come that is not complete.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.stage == Stage::BetweenMessages
    }

    /// Takes the next piece.
    pub(crate) fn push(&mut self, piece: &Piece<'_>) -> Result<Step, Misbehaviour> {
        match self.stage {
            Stage::BetweenMessages if !piece.is_command => Err(Misbehaviour::DataSetUnannounced),
            Stage::BetweenMessages => self.command_piece(piece),
            Stage::Command { context_id } | Stage::DataSet { context_id }
                if context_id != piece.context_id =>
            {
                Err(Misbehaviour::ContextChanged { began: context_id, context_id: piece.context_id })
            }
            Stage::Command { .. } if !piece.is_command => Err(Misbehaviour::CommandInterrupted),
            Stage::Command { .. } => self.command_piece(piece),
            Stage::DataSet { .. } if piece.is_command => Err(Misbehaviour::DataSetMissing),
            Stage::DataSet { .. } => {
                if piece.ends_message {
                    self.stage = Stage::BetweenMessages;
                }
                Ok(Step::DataSet)
            }
        }
    }

    fn command_piece(&mut self, piece: &Piece<'_>) -> Result<Step, Misbehaviour> {
        let context_id = piece.context_id;
        if self.command.len() + piece.bytes.len() > COMMAND_BYTES_MAX {
            return Err(Misbehaviour::CommandTooLong);
        }
        if !piece.ends_message {
            self.stage = Stage::Command { context_id };
            self.command.extend_from_slice(piece.bytes);
            return Ok(Step::Partial);
        }
        // Nearly every command comes in one piece and is read where it lies.
        let command = if self.command.is_empty() {
            Command::read(context_id, piece.bytes)?
        } else {
            self.command.extend_from_slice(piece.bytes);
            let command = Command::read(context_id, &self.command)?;
            self.command.clear();
            command
        };
        self.stage =
            if command.data_set_follows { Stage::DataSet { context_id } } else { Stage::BetweenMessages };
        Ok(Step::Command(command))
    }
}
