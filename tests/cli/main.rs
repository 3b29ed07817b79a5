//! The one integration binary: the commands as their users meet them, and what must stay true of the tree.

mod generated;
mod get;
mod help;
mod rooms;
mod set;
mod support;
mod validate;
