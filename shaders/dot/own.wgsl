// Every lane reads all of x: where there are no subgroups to hand it round.

fn begin_staging(group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Staging {
    return 0u;
}

fn squares_of(token: Token, t: u32) -> f32 {
    return token.squares;
}

fn block_of_x(start: u32, block: u32) -> BlockOfX {
    let quad = block * 8u;
    let x0 = x_quad(start, quad);
    let x1 = x_quad(start, quad + 1u);
    let x2 = x_quad(start, quad + 2u);
    let x3 = x_quad(start, quad + 3u);
    let x4 = x_quad(start, quad + 4u);
    let x5 = x_quad(start, quad + 5u);
    let x6 = x_quad(start, quad + 6u);
    let x7 = x_quad(start, quad + 7u);
    var squares = 0.0;
    if (NORMS) {
        squares += dot(x0, x0) + dot(x1, x1) + dot(x2, x2) + dot(x3, x3);
        squares += dot(x4, x4) + dot(x5, x5) + dot(x6, x6) + dot(x7, x7);
    }
    let q0 = input_quad(x0, quad);
    let q1 = input_quad(x1, quad + 1u);
    let q2 = input_quad(x2, quad + 2u);
    let q3 = input_quad(x3, quad + 3u);
    let q4 = input_quad(x4, quad + 4u);
    let q5 = input_quad(x5, quad + 5u);
    let q6 = input_quad(x6, quad + 6u);
    let q7 = input_quad(x7, quad + 7u);
    let scaled = array<vec4<f32>, 8>(
        LOW * q0, LOW * q1, LOW * q2, LOW * q3, HIGH * q4, HIGH * q5, HIGH * q6, HIGH * q7,
    );
    let offsets = vec2<f32>(dot(OFFSETS, q0 + q1 + q2 + q3), dot(OFFSETS, q4 + q5 + q6 + q7));
    return BlockOfX(scaled, lift_of(scaled), offsets, squares);
}
