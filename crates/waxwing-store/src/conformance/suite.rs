//! How the list of tests becomes functions to call, and tests to run.

/// Turns the list of tests into [`tests`] and into the macro that runs them.
///
/// `$dollar` is a literal `$`: a macro that makes a macro has no other way to
/// write one.
macro_rules! list {
    ($dollar:tt $($topic:ident { $($test:ident)* })*) => {
        /// Every test by its topic, to be called with a fresh store.
        #[allow(missing_docs, reason = "the names say it")]
        pub mod tests {
            $(pub mod $topic {
                use std::sync::Arc;

                use crate::{Store, conformance::{self, world::World}};

                $(pub async fn $test(store: Arc<dyn Store>) {
                    conformance::$topic::$test(World::new(Arc::clone(&store)).await).await;
                    store.close().await;
                })*
            })*
        }

        /// Makes a module `$name` with one `#[tokio::test]` for each test of the suite.
        ///
        /// `$open` is an expression whose future opens a fresh, empty store and
        /// yields `(Arc<dyn Store>, guard)`; the guard (a temporary folder, say) is
        /// dropped after the test. It is evaluated once for each test.
        ///
        /// ```ignore
        /// waxwing_store::conformance_suite!(on_disk, open_on_disk());
        /// ```
        #[macro_export]
        macro_rules! conformance_suite {
            ($dollar name:ident, $dollar open:expr) => {
                mod $dollar name {
                    #[allow(unused_imports, reason = "an expression may need no name from outside")]
                    use super::*;

                    $(mod $topic {
                        #[allow(unused_imports, reason = "as above")]
                        use super::*;

                        $(#[::tokio::test]
                        async fn $test() {
                            let (store, guard) = ($dollar open).await;
                            $crate::conformance::tests::$topic::$test(store).await;
                            drop(guard);
                        })*
                    })*
                }
            };
        }
    };
}
