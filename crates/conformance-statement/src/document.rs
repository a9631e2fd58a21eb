//! A document: sections, each with paragraphs, lists and tables. What it looks like is the renderers' business.

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// Its chapters.
    pub chapters: Vec<Section>,
}

/// A section. Its number comes from where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What a [`Span::See`] names; empty where nothing does.
    pub id: &'static str,
    /// Its heading.
    pub title: String,
    /// What it says.
    pub blocks: Vec<Block>,
    /// The sections below it.
    pub sections: Vec<Section>,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Text),
    /// A list with bullets.
    List(Vec<Text>),
    /// A table.
    Table(Table),
    /// Here the headings of the whole document are listed.
    Contents,
}

/// A table. Every row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The headings of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Text>>,
}

/// Text, with references to sections in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(pub Vec<Span>);

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Words, of whatever origin: the renderers escape them.
    Words(String),
    /// What is typed or sent as it stands: a title, a key, a code.
    Literal(String),
    /// The number of the section with this id.
    See(&'static str),
}

/// Words.
pub(crate) fn text(words: impl Into<String>) -> Text {
    Text(vec![Span::Words(words.into())])
}

/// What is typed or sent as it stands.
pub(crate) fn literal(characters: impl Into<String>) -> Text {
    Text(vec![Span::Literal(characters.into())])
}

impl Text {
    /// More words behind it.
    #[must_use]
    pub(crate) fn and(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Words(words.into()));
        self
    }

    /// Something literal behind it.
    #[must_use]
    pub(crate) fn lit(mut self, characters: impl Into<String>) -> Self {
        self.0.push(Span::Literal(characters.into()));
        self
    }

    /// The number of a section behind it.
    #[must_use]
    pub(crate) fn see(mut self, id: &'static str) -> Self {
        self.0.push(Span::See(id));
        self
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        text(words)
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        text(words)
    }
}

impl Section {
    /// A section that others refer to by its id.
    pub(crate) fn new(id: &'static str, title: impl Into<String>) -> Self {
        Self { id, title: title.into(), blocks: Vec::new(), sections: Vec::new() }
    }

    /// A paragraph more.
    #[must_use]
    pub(crate) fn say(mut self, paragraph: impl Into<Text>) -> Self {
        self.blocks.push(Block::Paragraph(paragraph.into()));
        self
    }

    /// A list more; none if it has nothing in it.
    #[must_use]
    pub(crate) fn list(mut self, items: Vec<Text>) -> Self {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
        self
    }

    /// A table more.
    #[must_use]
    pub(crate) fn table(
        mut self,
        caption: impl Into<String>,
        columns: &[&str],
        rows: Vec<Vec<Text>>,
    ) -> Self {
        self.blocks.push(Block::Table(Table {
            caption: caption.into(),
            columns: columns.iter().map(ToString::to_string).collect(),
            rows,
        }));
        self
    }

    /// Sections below it.
    #[must_use]
    pub(crate) fn with(mut self, sections: impl IntoIterator<Item = Section>) -> Self {
        self.sections.extend(sections);
        self
    }
}

impl Document {
    /// Every section in the order of the document, with its number.
    pub(crate) fn numbered(&self) -> Vec<(String, &Section)> {
        fn add<'d>(prefix: &str, sections: &'d [Section], into: &mut Vec<(String, &'d Section)>) {
            for (at, section) in (1_u32..).zip(sections) {
                let number = if prefix.is_empty() { at.to_string() } else { format!("{prefix}.{at}") };
                into.push((number.clone(), section));
                add(&number, &section.sections, into);
            }
        }
        let mut all = Vec::new();
        add("", &self.chapters, &mut all);
        all
    }
}
