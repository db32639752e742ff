//! Functions of every form, with the same attributes on each.

/// Declares `Service` with a method of each form, and `call_all`, which lets each succeed once and fail once and
/// returns how many calls that were.
///
/// `$run!` makes the value of a call, and something of a pause; `[async]` makes the methods asynchronous.
macro_rules! forms {
    ($self:ident $run:ident [$($async:tt)?] $(#[$attribute:meta])+) => {
        struct Service {
            seen: metrics::Seen,
            number: u64,
            name: String,
        }

        impl Service {
            $(#[$attribute])+
            $($async)? fn shared(&$self, fail: bool) -> Result<u64, LoadError> {
                $run!(pause);
                $self.seen.note();
                load(fail)
            }

            $(#[$attribute])+
            $($async)? fn exclusive(&mut $self, fail: bool) -> Result<&mut u64, LoadError> {
                $self.number += load(fail)?;
                $run!(pause);
                $self.seen.note();
                Ok(&mut $self.number)
            }

            $(#[$attribute])+
            $($async)? fn owned($self, fail: bool) -> Result<Self, LoadError> {
                $self.seen.note();
                let moved = $self;
                $run!(pause);
                load(fail).map(|_| moved)
            }

            $(#[$attribute])+
            $($async)? fn counted_reference($self: Arc<Self>, fail: bool) -> Result<String, LoadError> {
                $self.seen.note();
                let name = $self.name.clone();
                drop($self);
                $run!(pause);
                load(fail).map(|_| name)
            }

            $(#[$attribute])+
            $($async)? fn generic<T, const N: usize>(&$self, values: [T; N], fail: bool) -> Result<Vec<T>, LoadError>
            where
                T: Clone + Send,
            {
                $self.seen.note();
                $run!(pause);
                load(fail)?;
                Ok(values.to_vec())
            }

            $(#[$attribute])+
            $($async)? fn opaque<S: AsRef<str> + Send>(
                &$self,
                text: S,
                fail: bool,
            ) -> Result<(impl Iterator<Item = u64> + use<S>, Option<impl Clone + use<S>>), LoadError> {
                $self.seen.note();
                $run!(pause);
                let length = text.as_ref().len() as u64;
                load(fail).map(|end| (length..end, Some(length)))
            }

            $(#[$attribute])+
            $($async)? fn question_mark(&$self, text: &str) -> Result<u64, LoadError> {
                $self.seen.note();
                let number: u64 = text.parse()?;
                $run!(pause);
                Ok(number)
            }

            $(#[$attribute])+
            $($async)? fn early_return(&$self, fail: bool) -> Result<u64, LoadError> {
                $self.seen.note();
                if fail {
                    return Err(LoadError::Rejected { row: 1 });
                }
                for number in 0.. {
                    $run!(pause);
                    if number == 3 {
                        return Ok(number);
                    }
                }
                Ok(0)
            }

            $(#[$attribute])+
            $($async)? fn lifetimes<'a>(&'a $self, other: &'a str, fail: bool) -> Result<&'a str, LoadError> {
                $self.seen.note();
                $run!(pause);
                load(fail)?;
                Ok(if other.len() > $self.name.len() { other } else { &$self.name })
            }

            $(#[$attribute])+
            $($async)? fn patterns(&$self, (first, mut second): (u64, u64), fail: bool) -> Result<u64, LoadError> {
                $self.seen.note();
                second += load(fail)?;
                $run!(pause);
                Ok(first + second)
            }
        }

        fn call_all(seen: &metrics::Seen) -> u64 {
            let new = || Service { seen: seen.clone(), number: 1, name: "name".to_owned() };
            let error = LoadError::Rejected { row: 7 };

            assert_eq!($run!(new().shared(false)), Ok(7));
            assert_eq!($run!(new().shared(true)).as_ref(), Err(&error));

            assert_eq!($run!(new().exclusive(false)), Ok(&mut 8));
            assert_eq!($run!(new().exclusive(true)).as_deref(), Err(&error));

            assert_eq!($run!(new().owned(false)).unwrap().number, 1);
            assert_eq!($run!(new().owned(true)).err().as_ref(), Some(&error));

            assert_eq!($run!(Arc::new(new()).counted_reference(false)).as_deref(), Ok("name"));
            assert_eq!($run!(Arc::new(new()).counted_reference(true)).as_deref(), Err(&error));

            assert_eq!($run!(new().generic(["a", "b"], false)), Ok(vec!["a", "b"]));
            assert_eq!($run!(new().generic([1.5], true)).as_ref(), Err(&error));

            let (numbers, length) = $run!(new().opaque("four", false)).unwrap();
            assert_eq!((numbers.sum::<u64>(), length.is_some()), (4 + 5 + 6, true));
            assert_eq!($run!(new().opaque(String::new(), true)).err().as_ref(), Some(&error));

            assert_eq!($run!(new().question_mark("12")), Ok(12));
            assert!(matches!($run!(new().question_mark("x")), Err(LoadError::Malformed(_))));

            assert_eq!($run!(new().early_return(false)), Ok(3));
            assert_eq!($run!(new().early_return(true)), Err(LoadError::Rejected { row: 1 }));

            assert_eq!($run!(new().lifetimes("longer", false)), Ok("longer"));
            assert_eq!($run!(new().lifetimes("", true)).as_ref(), Err(&error));

            assert_eq!($run!(new().patterns((1, 2), false)), Ok(10));
            assert_eq!($run!(new().patterns((1, 2), true)).as_ref(), Err(&error));
            20
        }
    };
}
