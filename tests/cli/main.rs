//! The one integration binary: the commands as their users meet them, and what must stay true of the tree.

mod generated;
