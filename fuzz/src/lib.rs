//! The fuzz targets of the engine, as functions that stable tests run as well.

pub mod drivers;
