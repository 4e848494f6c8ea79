// Lanes of a subgroup of SUBGROUP, four or eight, each keep a share of a block of x, two quads or one, and hand them round.
// Part: hand/* hand_quads(), hand_numbers().

// The lane's number in its subgroup, without a builtin, so that a kernel's signature is the same with and without subgroups.
var<private> subgroup_lane: u32;

fn begin_staging(group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Staging {
    subgroup_lane = subgroupExclusiveAdd(1u);
    return 0u;
}

// Every subgroup has all of x.
fn squares_of(token: Token, t: u32) -> f32 {
    return subgroupAdd(token.squares);
}

fn block_of_x(start: u32, block: u32) -> BlockOfX {
    let quad = block * 8u + subgroup_lane;
    let u = x_quad(start, quad);
    let near = input_quad(u, quad);
    var squares = dot(u, u);
    var far = vec4<f32>(0.0);
    if (SUBGROUP == 4u) {
        let v = x_quad(start, quad + 4u);
        far = input_quad(v, quad + 4u);
        squares += dot(v, v);
    }
    let scaled = hand_quads(select(HIGH, LOW, subgroup_lane < 4u) * near, HIGH * far);
    let parts = hand_numbers(dot(OFFSETS, near), dot(OFFSETS, far));
    let offsets = vec2<f32>(parts[0] + parts[1] + parts[2] + parts[3], parts[4] + parts[5] + parts[6] + parts[7]);
    return BlockOfX(scaled, lift_of(scaled), offsets, squares);
}
