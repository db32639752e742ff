//! `#[derive(LabelValue)]`: what enums and newtypes are as labels.
#![forbid(unsafe_code)]

use std::fmt::{self, Write};

use tachometer::{Counter, Family, LabelValue, Registry, labels::Domain};

fn written(value: &(impl LabelValue + ?Sized)) -> String {
    struct Text(String);
    impl Write for Text {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(text);
            Ok(())
        }
    }
    let mut text = Text(String::new());
    value.write(&mut text).unwrap();
    text.0
}

/// The values of a closed label, after a look at whether each of these variants is the value at its index.
#[track_caller]
fn values<V: LabelValue, const LEN: usize>(variants: [V; LEN]) -> [&'static str; LEN] {
    const { assert!(V::Domain::CLOSED && V::COUNT == LEN) }
    let values = std::array::from_fn(V::value_at);
    for (index, variant) in variants.iter().enumerate() {
        assert_eq!((variant.index(), written(variant).as_str()), (index, values[index]));
    }
    values
}

#[test]
fn variants_are_named_in_snake_case() {
    // Not `Copy`: an index takes the variant by reference.
    #[derive(LabelValue)]
    enum Outcome {
        Ok,
        TimedOut,
        KMSThrottlingException,
        Http404,
        r#Static,
    }
    use Outcome::{Http404, KMSThrottlingException, Ok, Static, TimedOut};
    assert_eq!(
        values([Ok, TimedOut, KMSThrottlingException, Http404, Static]),
        ["ok", "timed_out", "kms_throttling_exception", "http404", "static"]
    );
}

#[test]
fn rename_all_knows_eight_styles() {
    macro_rules! named {
        ($style:literal) => {{
            #[derive(LabelValue)]
            #[label(rename_all = $style)]
            enum Outcome {
                TimedOut,
                KMSThrottlingException,
            }
            values([Outcome::TimedOut, Outcome::KMSThrottlingException])
        }};
    }
    assert_eq!(named!("snake_case"), ["timed_out", "kms_throttling_exception"]);
    assert_eq!(named!("kebab-case"), ["timed-out", "kms-throttling-exception"]);
    assert_eq!(named!("camelCase"), ["timedOut", "kmsThrottlingException"]);
    assert_eq!(named!("PascalCase"), ["TimedOut", "KMSThrottlingException"], "as it is written");
    assert_eq!(named!("SCREAMING_SNAKE_CASE"), ["TIMED_OUT", "KMS_THROTTLING_EXCEPTION"]);
    assert_eq!(named!("SCREAMING-KEBAB-CASE"), ["TIMED-OUT", "KMS-THROTTLING-EXCEPTION"]);
    assert_eq!(named!("lowercase"), ["timedout", "kmsthrottlingexception"]);
    assert_eq!(named!("UPPERCASE"), ["TIMEDOUT", "KMSTHROTTLINGEXCEPTION"]);
}

#[test]
fn a_variant_can_be_given_any_text() {
    #[derive(LabelValue)]
    #[label(rename_all = "UPPERCASE")]
    enum Method {
        Get,
        #[label("m-search")]
        Search,
        #[label("\"ü\"\n")]
        Odd,
    }
    assert_eq!(values([Method::Get, Method::Search, Method::Odd]), ["GET", "m-search", "\"ü\"\n"]);
}

#[test]
fn discriminants_do_not_matter() {
    #[derive(Clone, Copy, LabelValue)]
    #[repr(i16)]
    enum Code {
        NotFound = 404,
        Ok = 200,
        Unknown = -1,
    }
    assert_eq!(values([Code::NotFound, Code::Ok, Code::Unknown]), ["not_found", "ok", "unknown"]);
    assert_eq!([Code::NotFound as i16, Code::Ok as i16, Code::Unknown as i16], [404, 200, -1]);
}

#[test]
fn an_index_that_no_variant_has_is_an_empty_value_and_no_panic() {
    #[derive(LabelValue)]
    enum One {
        Only,
    }
    assert_eq!(values([One::Only]), ["only"]);
    assert_eq!(One::value_at(1), "");
}

#[test]
fn a_newtype_is_what_it_wraps() {
    #[derive(LabelValue)]
    struct Stream(String);
    #[derive(LabelValue)]
    struct Borrowed<'a> {
        name: &'a str,
    }
    #[derive(LabelValue)]
    struct Shard(u32);
    #[derive(LabelValue)]
    struct Retried(bool);
    #[derive(LabelValue)]
    enum Kind {
        Read,
        Write,
    }
    #[derive(LabelValue)]
    struct Maybe(Option<Kind>);

    const { assert!(!<Stream as LabelValue>::Domain::CLOSED && !<Shard as LabelValue>::Domain::CLOSED) }
    assert_eq!(written(&Stream("orders".into())), "orders");
    assert_eq!(written(&Borrowed { name: "orders" }), "orders");
    assert_eq!(written(&Shard(7)), "7");
    assert_eq!(values([Retried(false), Retried(true)]), ["false", "true"]);
    assert_eq!(
        values([Maybe(None), Maybe(Some(Kind::Read)), Maybe(Some(Kind::Write))]),
        ["", "read", "write"]
    );
}

#[test]
fn a_newtype_may_have_parameters_of_every_kind() {
    #[derive(LabelValue)]
    struct Name<S: ?Sized>(S);
    #[derive(LabelValue)]
    struct Nested<'a, S>(&'a Name<Option<S>>)
    where
        S: Clone;
    #[derive(LabelValue)]
    struct Marked<const ID: u8>(u64);

    // Nobody can make one without unsafe code, but it is a label value.
    const fn is_label_value<V: LabelValue + ?Sized>() {}
    const { is_label_value::<Name<str>>() }
    assert_eq!(written(&Nested(&Name(Some("x")))), "x");
    assert_eq!(written(&Nested(&Name(None::<bool>))), "");
    assert_eq!(written(&Marked::<3>(5)), "5");
}

#[test]
fn families_of_enums_and_newtypes_are_indexed_or_looked_up() {
    #[derive(Clone, Copy, LabelValue)]
    enum Status {
        Ok,
        #[label("bad")]
        Failed,
    }
    #[derive(Clone, Copy, LabelValue)]
    struct Final(Status);
    #[derive(LabelValue)]
    struct Stream<S>(S);

    let registry = Registry::new();
    let ended: Family<Final, Counter> =
        registry.declare("ended_total", "Ended.").label("status").register().unwrap();
    ended[Final(Status::Failed)].add(2);
    ended[Final(Status::Ok)].add(1);
    let sent: Family<Stream<String>, Counter> =
        registry.declare("sent_total", "Sent.").label("stream").register().unwrap();
    sent.with(Stream("orders")).unwrap().add(3);
    sent.with("orders").unwrap().add(4);
    let snapshot = registry.snapshot();
    assert_eq!(snapshot.counter("ended_total", &[("status", "ok")]), Some(1));
    assert_eq!(snapshot.counter("ended_total", &[("status", "bad")]), Some(2));
    assert_eq!(snapshot.counter("sent_total", &[("stream", "orders")]), Some(7));
}
