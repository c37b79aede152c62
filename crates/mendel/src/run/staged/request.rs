//! A request for trees of tasks, read and compared with what is remembered.

use mendel_spec::Kind;

use super::{
    Forest, is_tree,
    standing::{Stood, stand},
};
use crate::{
    context::Context,
    exit::Failure,
    printer::Printer,
    run::{
        options::RunOptions,
        prepare::{Prepared, prepare_folders},
        target::Target,
    },
};

/// The tasks of trees, and how each stands.
pub struct TreeRequest {
    /// The trees.
    pub forest: Forest,
    /// How each staged task stands, in the order of the forest.
    pub stood: Vec<Stood>,
}

impl TreeRequest {
    /// The request that `target` makes, unless it names no tree. Anything wrong stops it.
    pub async fn of(
        target: &Target,
        context: &Context,
        options: &RunOptions,
        printer: &Printer,
    ) -> Result<Option<Self>, Failure> {
        let Target::Folders(folders) = target else { return Ok(None) };
        if !folders.iter().any(|folder| is_tree(folder)) {
            return Ok(None);
        }
        let forest = Forest::read(context, folders, options, (true, printer)).await?;
        forest.judge(options.keep_going, printer)?;
        forest.refuse_what_does_not_run()?;
        let stood = stand(context, &forest).await?;
        Ok(Some(Self { forest, stood }))
    }

    /// The tasks of the trees that are scripts, made ready.
    pub async fn scripts(
        &self,
        context: &Context,
        options: &RunOptions,
        printer: &Printer,
    ) -> Result<Vec<Prepared>, Failure> {
        let own = |sets: &[String]| sets.iter().filter(|set| !set.contains('/')).cloned().collect();
        let options = RunOptions { sets: own(&options.sets), grids: own(&options.grids), ..options.clone() };
        let scripts = self.forest.others.iter().filter(|task| task.selected && task.kind == Kind::Script);
        let folders: Vec<_> = scripts.map(|task| task.path.clone()).collect();
        prepare_folders(&folders, &options, context, printer).await
    }
}
