// Lanes of a subgroup of SUBGROUP, four or eight, each keep a share of a block of x, one or two quads, and hand them round.

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

// Written out: a lane to hand from has to be a constant.
fn block_of_x(start: u32, block: u32) -> BlockOfX {
    let quad = block * 8u + subgroup_lane;
    let u = x_quad(start, quad);
    let near = input_quad(u, quad);
    if (SUBGROUP == 4u) {
        let v = x_quad(start, quad + 4u);
        let far = input_quad(v, quad + 4u);
        let quads = array<vec4<f32>, 8>(
            subgroupBroadcast(near, 0u), subgroupBroadcast(near, 1u), subgroupBroadcast(near, 2u), subgroupBroadcast(near, 3u),
            subgroupBroadcast(far, 0u), subgroupBroadcast(far, 1u), subgroupBroadcast(far, 2u), subgroupBroadcast(far, 3u),
        );
        return BlockOfX(quads, dot(u, u) + dot(v, v));
    }
    let quads = array<vec4<f32>, 8>(
        subgroupBroadcast(near, 0u), subgroupBroadcast(near, 1u), subgroupBroadcast(near, 2u), subgroupBroadcast(near, 3u),
        subgroupBroadcast(near, 4u % SUBGROUP), subgroupBroadcast(near, 5u % SUBGROUP),
        subgroupBroadcast(near, 6u % SUBGROUP), subgroupBroadcast(near, 7u % SUBGROUP),
    );
    return BlockOfX(quads, dot(u, u));
}
