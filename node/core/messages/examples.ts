/** Lines to type, shown at the end of each command's --help. The same in both languages but for the words. */
const same = <const T extends string>(text: T) => ({ vi: text, en: text });

export const EXAMPLE_TEXTS = {
  'example.program': {
    vi: 'lienthong node init --dir ~/nut --invite lt1.…\nlienthong node run --dir ~/nut\nlienthong list inbox --dir ~/nut',
    en: 'lienthong node init --dir ~/node --invite lt1.…\nlienthong node run --dir ~/node\nlienthong list inbox --dir ~/node',
  },
  'example.send': same(
    'lienthong send qd274.pdf --dir ~/nut --to H40,H51 --type "Quyết định" --number 274 --notation QĐ-TTg --subject "Phê duyệt Đề án" --wait',
  ),
  'example.list': same(
    'lienthong list inbox --dir ~/nut\nlienthong list outbox --dir ~/nut --state queued --since 2019-03-12\nlienthong list inbox --dir ~/nut --text "chuyển đổi số" --limit 20\nlienthong list outbox --dir ~/nut --waiting\nlienthong list inbox --dir ~/nut --overdue',
  ),
  'example.show': same('lienthong show 0190f3a2-7b3c --dir ~/nut'),
  'example.fetch': {
    vi: 'lienthong fetch 0190f3a2-7b3c --out ~/van-ban-den --dir ~/nut\nlienthong fetch 0190f3a2-7b3c --out ~/luu-tru --evidence --dir ~/nut',
    en: 'lienthong fetch 0190f3a2-7b3c --out ~/incoming --dir ~/node\nlienthong fetch 0190f3a2-7b3c --out ~/archive --evidence --dir ~/node',
  },
  'example.verify': same('lienthong verify 0190f3a2-7b3c --dir ~/nut'),
  'example.directory': same('lienthong directory list --dir ~/nut\nlienthong directory show H40 --dir ~/nut'),
  'example.directory.list': same('lienthong directory list --dir ~/nut'),
  'example.directory.show': same(
    'lienthong directory show H37.02.02 --dir ~/nut\nlienthong directory show 000.00.00.G22 --dir ~/nut',
  ),
  'example.node': same('lienthong node status --dir ~/nut'),
  'example.node.init': same(
    'lienthong node init --dir ~/nut --invite lt1.…\nlienthong node init --dir ~/nut --invite lt1.… --listen /ip4/0.0.0.0/tcp/7400 --announce /dns4/nut.example.vn/tcp/7400\nlienthong node init --dir ~/nut --invite lt1.… --seal-token /usr/lib/softhsm/libsofthsm2.so --seal-label con-dau --seal-pin-file ~/pin',
  ),
  'example.node.request': same(
    'lienthong node request --dir ~/nut --agency H40 --out h40.request --announce /ip4/203.0.113.7/tcp/7400',
  ),
  'example.node.install': same('lienthong node install h40.request.answer --dir ~/nut --root 3f:a1:…'),
  'example.node.run': same('lienthong node run --dir ~/nut'),
  'example.node.status': same('lienthong node status --dir ~/nut\nlienthong node status --dir ~/nut --json'),
  'example.node.check': same('lienthong node check --dir ~/nut'),
  'example.node.recover': same(
    'lienthong node recover --dir ~/nut\nlienthong node recover --dir ~/nut --yes',
  ),
  'example.node.announce': same('lienthong node announce /ip4/203.0.113.7/tcp/7400 --dir ~/nut'),
  'example.node.seal': same('lienthong node seal use con-dau.pem --key con-dau.key --dir ~/nut'),
  'example.node.seal.use': same('lienthong node seal use con-dau.pem --key con-dau.key --dir ~/nut'),
  'example.registry': same('lienthong registry list --dir ~/so-dang-ky'),
  'example.registry.init': same(
    'lienthong registry init --dir ~/so-dang-ky --name "Liên thông thử nghiệm" --announce /ip4/203.0.113.1/tcp/7300',
  ),
  'example.registry.run': same('lienthong registry run --dir ~/so-dang-ky'),
  'example.registry.list': same('lienthong registry list --dir ~/so-dang-ky --certificates'),
  'example.registry.invite': same('lienthong registry invite H40 --expires 7d --dir ~/so-dang-ky'),
  'example.registry.grant-seal': same(
    'lienthong registry grant-seal H40 3f:a1:… --dir ~/so-dang-ky\nlienthong registry grant-seal H40 3f:a1:… --scope H40.02 --unit-only --dir ~/so-dang-ky',
  ),
  'example.registry.anchor': same('lienthong registry anchor list --dir ~/so-dang-ky'),
  'example.registry.anchor.add': same(
    'lienthong registry anchor add ca-goc.pem --fingerprint 3f:a1:… --intermediate ca-cap.pem --crl goc.crl cap.crl --dir ~/so-dang-ky',
  ),
  'example.registry.anchor.list': same('lienthong registry anchor list --dir ~/so-dang-ky'),
  'example.registry.anchor.remove': same('lienthong registry anchor remove 3f:a1:… --dir ~/so-dang-ky'),
  'example.registry.anchor.crl': same('lienthong registry anchor crl 3f:a1:… cap.crl --dir ~/so-dang-ky'),
  'example.registry.issue': same('lienthong registry issue h40.request --dir ~/so-dang-ky'),
  'example.registry.renew': same(
    'lienthong registry renew H40 --dir ~/so-dang-ky\nlienthong registry renew 0a1b2c --dir ~/so-dang-ky',
  ),
  'example.registry.revoke': same(
    'lienthong registry revoke H40 --reason key-compromise --since 2026-05-01T08:00:00+07:00 --dir ~/so-dang-ky\nlienthong registry revoke 0a1b2c --reason superseded --dir ~/so-dang-ky',
  ),
  'example.registry.import': same('lienthong registry import co-quan.json --dir ~/so-dang-ky'),
} as const;
