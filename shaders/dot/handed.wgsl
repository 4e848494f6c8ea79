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

// A number of each of the four lanes of a quad.
fn of_quad(v: f32) -> vec4<f32> {
    return vec4<f32>(quadBroadcast(v, 0u), quadBroadcast(v, 1u), quadBroadcast(v, 2u), quadBroadcast(v, 3u));
}

// Written out: a lane to hand from has to be a constant. A subgroup of four is a quad, whose operations are the fastest there.
fn block_of_x(start: u32, block: u32) -> BlockOfX {
    let quad = block * 8u + subgroup_lane;
    let u = x_quad(start, quad);
    let near = input_quad(u, quad);
    if (SUBGROUP == 4u) {
        let v = x_quad(start, quad + 4u);
        let far = input_quad(v, quad + 4u);
        let low = LOW * near;
        let high = HIGH * far;
        let scaled = array<vec4<f32>, 8>(
            quadBroadcast(low, 0u), quadBroadcast(low, 1u), quadBroadcast(low, 2u), quadBroadcast(low, 3u),
            quadBroadcast(high, 0u), quadBroadcast(high, 1u), quadBroadcast(high, 2u), quadBroadcast(high, 3u),
        );
        let one = vec4<f32>(1.0);
        let offsets = vec2<f32>(dot(of_quad(dot(OFFSETS, near)), one), dot(of_quad(dot(OFFSETS, far)), one));
        return BlockOfX(scaled, offsets, dot(u, u) + dot(v, v));
    }
    let own = select(HIGH, LOW, subgroup_lane < 4u) * near;
    let scaled = array<vec4<f32>, 8>(
        subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u),
        subgroupBroadcast(own, 4u % SUBGROUP), subgroupBroadcast(own, 5u % SUBGROUP),
        subgroupBroadcast(own, 6u % SUBGROUP), subgroupBroadcast(own, 7u % SUBGROUP),
    );
    let part = dot(OFFSETS, near);
    let low = subgroupBroadcast(part, 0u) + subgroupBroadcast(part, 1u) + subgroupBroadcast(part, 2u) + subgroupBroadcast(part, 3u);
    let high = subgroupBroadcast(part, 4u % SUBGROUP) + subgroupBroadcast(part, 5u % SUBGROUP)
        + subgroupBroadcast(part, 6u % SUBGROUP) + subgroupBroadcast(part, 7u % SUBGROUP);
    return BlockOfX(scaled, vec2<f32>(low, high), dot(u, u));
}
