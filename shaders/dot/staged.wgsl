// A workgroup stages KT numbers of each row of x in workgroup memory, and every lane reads them there: for GPUs, where all
// lanes that read one address share the read. The lanes are eight slices, which share the rows of W: each has a block of every
// eight, so that many reads are on their way at once. Their sums are added at the end, slice 0 first.
alias Token = Sums;

const QUADS: u32 = KT / 4u;                       // of a row of x that are staged at once
const STAGERS: u32 = min(WG, QUADS);              // lanes that stage a row
const STAGED: u32 = TILE_T * STAGERS / WG;        // rows that a lane stages quads of
var<workgroup> xs: array<vec4<act>, TILE_T * QUADS>;
var<workgroup> parts: array<vec4<f32>, WG>;
var<workgroup> squares: array<f32, TILE_T * STAGERS>;

// Where the rows begin that a lane stages, and its parts of their Σx²: the quads of a row are dealt round to 256 sums however
// many lanes there are for it, so that the order of additions depends neither on KT nor on TILE_T. Of these sums a lane has
// four, 64 quads apart, or, where 256 lanes stage a row, one of the four.
struct Staging {
    starts: array<u32, STAGED>,
    squares: array<vec4<f32>, STAGED>,
}

fn begin_token(group: vec3<u32>, t: u32, rows: u32, slot: u32) -> Token {
    return Sums();
}

fn begin_staging(group: vec3<u32>, rows: u32, slot: u32, lane: u32) -> Staging {
    var staging = Staging();
    for (var i = 0u; i < STAGED; i++) {
        staging.starts[i] = x_start(x_of(group, min((i * WG + lane) / STAGERS, rows - 1u), slot));
    }
    return staging;
}

// Puts numbers k0 .. of the tile's rows of x where `dot_block` reads them.
fn stage(before: Staging, k0: u32, lane: u32) -> Staging {
    var staging = before;
    let quads = min(KT, p.blocks * 32u - k0) / 4u;
    workgroupBarrier();
    for (var i = 0u; i < STAGED; i++) {
        let t = (i * WG + lane) / STAGERS;
        for (var quad = lane % STAGERS; quad < quads; quad += STAGERS) {
            let of_row = k0 / 4u + quad;
            let v = x_quad(staging.starts[i], of_row);
            let own = vec4<u32>(of_row / 64u % 4u) == vec4<u32>(0u, 1u, 2u, 3u);
            staging.squares[i] += select(vec4<f32>(0.0), vec4<f32>(dot(v, v)), own);
            xs[t * QUADS + quad] = vec4<act>(input_quad(v, of_row));
        }
    }
    workgroupBarrier();
    return staging;
}

// Adds up Σx² of all rows at once: four lanes' sums, four of theirs, and so on; 256 lanes begin with what otherwise is a
// lane's own four.
fn end_staging(staging: Staging, lane: u32) {
    for (var i = 0u; i < STAGED; i++) {
        let own = staging.squares[i];
        squares[i * WG + lane] = own.x + own.y + own.z + own.w;
    }
    for (var width = STAGERS / 4u; width > 0u; width /= 4u) {
        workgroupBarrier();
        if (lane % STAGERS < width) {
            for (var at = lane; at < TILE_T * STAGERS; at += WG) {
                squares[at] = squares[at] + squares[at + width] + squares[at + 2u * width] + squares[at + 3u * width];
            }
        }
    }
    workgroupBarrier();
}

fn squares_of(token: Token, t: u32) -> f32 {
    return squares[t * STAGERS];
}

fn sums_of(token: Token) -> vec4<f32> {
    return token;
}

fn slice_of(lane: u32) -> u32 {
    return lane / ROW_LANES;
}

// The lane's block of eight; there is one, since `first + slice` is not past the end.
fn dot_eight(tile: Tile, rows: u32, first: u32, past: u32, at: LaneAt, scales: LaneScales, slice: u32) -> Tile {
    return dot_rows(tile, rows, first + slice, at, scales);
}

// Adds the slices' sums of row t of the tile: the lanes of slice t get them, the others keep `own`.
fn gather(own: vec4<f32>, sums: vec4<f32>, t: u32, lane: u32) -> vec4<f32> {
    workgroupBarrier();
    parts[lane] = sums;
    workgroupBarrier();
    if (slice_of(lane) != t) {
        return own;
    }
    var all = vec4<f32>(0.0);
    for (var at = lane % ROW_LANES; at < WG; at += ROW_LANES) {
        all += parts[at];
    }
    return all;
}

// Adds the lane's rows' products with a block of row t of the tile.
fn dot_block(token: Token, w: LaneRows, t: u32, block: u32) -> Token {
    let at = t * QUADS + block % (KT / 32u) * 8u;
    let x = array<vec4<f32>, 8>(
        vec4<f32>(xs[at]), vec4<f32>(xs[at + 1u]), vec4<f32>(xs[at + 2u]), vec4<f32>(xs[at + 3u]),
        vec4<f32>(xs[at + 4u]), vec4<f32>(xs[at + 5u]), vec4<f32>(xs[at + 6u]), vec4<f32>(xs[at + 7u]),
    );
    return plus(token, dot_lane(w, x));
}
