//! A gateway inside the process, to rehearse with: the wire of both generations, and nothing of value behind it.
