use lockgate_core::personal::Pii;

#[derive(Debug)]
struct Visit {
    on: u32,
}

fn main() {
    let _surname = Pii::new("Example");
    println!("{:?}", Visit { on: 1 });
}
