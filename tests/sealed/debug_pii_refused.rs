use lockgate_core::personal::Pii;

#[derive(Debug)]
struct Visit {
    on: u32,
    surname: Pii<&'static str>,
}

fn main() {
    println!("{:?}", Visit { on: 1, surname: Pii::new("Example") });
}
