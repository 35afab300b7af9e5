// What `--help` says, in both languages.
import type { Lang } from "../format.js";

/** The help of one command; all of it for what is none. */
export function helpOf(name: string | undefined, lang: Lang): string {
  const [title = "", ...commands] = HELP[lang].split(/^(?=  kfactor )/m);
  const last = commands.pop() ?? "";
  const end = last.indexOf("\n\n") + 1;
  const own = [...commands, last.slice(0, end)].filter((lines) => lines.startsWith(`  kfactor ${name} `));
  return own.length === 0 ? HELP[lang] : title + own.join("") + last.slice(end);
}

const HELP: Readonly<Record<Lang, string>> = {
  en: `kfactor: campaigns and referral loops

  kfactor validate FILE…                    what is wrong with campaign documents
  kfactor costs FILE                        what the rewards of a campaign can cost at most
  kfactor run CAMPAIGN [COMMANDS|-]         decides commands (JSON array, or one per line) and prints facts;
                                            a log, with revisions of the campaign, will do as well
                                            \`at\` and TIME: Unix milliseconds, or 2026-12-01T11:00 in the campaign's timezone
      --view WHO [--loop ID] [--at TIME]    then prints a participant's view
      --digest                              then prints the hash of the state
      --seed HEX                            64 hexadecimal digits; zeros if absent
      --strict                              exit code 1 also if a command was refused, not only if one was malformed
  kfactor audit CAMPAIGN [LOG|-]            decides a log again and prints what could not stand; --seed HEX
  kfactor conformance DIR                   runs a folder of conformance cases
  kfactor token peek TOKEN                  a token's fields, without a key
  kfactor token verify TOKEN --key HEX      its fields, proven; --kid N if the key is not number 0
  kfactor token mint --key HEX --campaign N [--kid N] [--kind N] [--touchpoint N] [--inviter N] [--day N]
                     [--depth N]
  kfactor token fits TEXT                   which places of WeChat and WeCom take a parameter as it is
  kfactor verify CAMPAIGN --seed HEX --facts FILE   re-checks every draw with the published seed
      --commitment HEX                      what was promised before the campaign
  kfactor insight [FACTS|-]                 what facts say about how a campaign spreads: funnel, K, tree, credit, RFM
      --window SPAN                         in which those whom people bring count, as 7d; --offset +08:00
      --csv DIR                             writes each table as a CSV file
      --campaign FILE                       and the funnel of each of its segments
      --look-back SPAN  --half-life SPAN  --transform exposure|first|without-direct    of the paths that get credit
  kfactor credit [PATHS|-]                  credit by channel for any paths: a table of path ("search > poster"), converted,
                                            lost, value; or JSON with times
      --model NAME  --position 40/40  --direct NAME  --separator ">"  and as above
  kfactor variant EXPERIMENT ARM[=WEIGHT]… [--people FILE|-]    the variant of each person of a list, the same everywhere
  kfactor compare ARM=CONVERTED/PEOPLE[/WEIGHT]…    which arm is better, whenever one looks; checks the split
  kfactor report [FACTS|-] --campaign ID --to URL    sends facts to a backend and waits until it has taken them
      --as cloudevents|cloudevents-batch|ndjson|json|segment|sensors|ga4  --key WRITEKEY
      --store DIR                           keeps there what could not be sent in a minute, for the next run; without FACTS it
                                            is all that is sent: \`kfactor report - … </dev/null\`
  kfactor bindings [EVENTS|-]               who is whose inviter by a site's policy, as CSV
      --lock first-touch|first-register|first-order|first-pay  --rebind never|after-protection|always
      --protection SPAN  --eligible all|new-only  --renew none|purchase|visit
  kfactor touchpoints CAMPAIGN --key HEX --url URL   a tracked link for each touchpoint, as CSV
      --kid N  --day N  --sheet FILE.html   and a sheet of QR codes to print
      --utm                                 with utm_source, utm_medium and utm_campaign in the links
  kfactor qr TEXT [-o FILE.svg|FILE.png] [--terminal] [--level L|M|Q|H] [--micro]
      --modules square|rounded|dots|connected  --finders square|rounded  --dark #HEX|#FROM:#TO  --light #HEX
      --logo PICTURE  --frame WORDS         a look of its own, as SVG, within what scanners read
  kfactor poster CAMPAIGN NAME --url URL -o FILE.svg|FILE.png   a poster of the campaign
      --set NAME=VALUE [--variant NAME] [--scale 100] [--images FOLDER]
      --surface mini-program|h5|app|offline the layers that are for it
      --csv FILE -o FOLDER                  one for each line; columns are variables, url, variant and file
      --force                               writes over posters of an earlier table that had no column \`file\`

  --json          machine-readable output; what ends a command is {"ok":false,"code",…} there as well
  --lang en|zh    the language of messages
  --help, -h, --version, -v

Exit codes: 0 all is well, 1 findings, 2 the command line or a file is wrong.
`,
  zh: `kfactor：营销活动与裂变引擎

  kfactor validate FILE…                    活动文档有哪些问题
  kfactor costs FILE                        活动的奖励最多花多少钱
  kfactor run CAMPAIGN [COMMANDS|-]         判定指令（JSON 数组，或每行一条），输出事实；
                                            也可以是带有活动修订的日志
                                            \`at\` 和 TIME：Unix 毫秒，或活动时区的时间，如 2026-12-01T11:00
      --view WHO [--loop ID] [--at TIME]    最后输出某个参与者看到的内容
      --digest                              最后输出状态的哈希
      --seed HEX                            64 位十六进制，缺省为全零
      --strict                              指令被拒绝时退出码也为 1，而不仅在格式有误时
  kfactor audit CAMPAIGN [LOG|-]            重新判定一份日志，输出不成立之处；--seed HEX
  kfactor conformance DIR                   运行一个文件夹中的一致性用例
  kfactor token peek TOKEN                  令牌的各个字段，无需密钥
  kfactor token verify TOKEN --key HEX      验证后的字段；密钥不是 0 号时用 --kid N
  kfactor token mint --key HEX --campaign N [--kid N] [--kind N] [--touchpoint N] [--inviter N] [--day N]
                     [--depth N]
  kfactor token fits TEXT                   微信和企业微信的哪些位置能原样放下这个参数
  kfactor verify CAMPAIGN --seed HEX --facts FILE   用公布的种子复核每一次抽奖
      --commitment HEX                      活动开始前公布的承诺
  kfactor insight [FACTS|-]                 从事实看活动的传播：漏斗、K 因子、传播树、归因、RFM
      --window SPAN                         带来的人在多长时间内计数，如 7d；--offset +08:00
      --csv DIR                             每张表写成一个 CSV 文件
      --campaign FILE                       并给出其中每个人群的漏斗
      --look-back SPAN  --half-life SPAN  --transform exposure|first|without-direct    参与归因的路径
  kfactor credit [PATHS|-]                  任意路径按渠道归因：表格的列为 path（"search > poster"）、converted、
                                            lost、value；或带时间的 JSON
      --model NAME  --position 40/40  --direct NAME  --separator ">"  其余同上
  kfactor variant EXPERIMENT ARM[=WEIGHT]… [--people FILE|-]    名单中每个人的实验分组，处处相同
  kfactor compare ARM=CONVERTED/PEOPLE[/WEIGHT]…    哪一组更好，可随时查看；并检查分流比例
  kfactor report [FACTS|-] --campaign ID --to URL    把事实上报给后端，直到对方收下
      --as cloudevents|cloudevents-batch|ndjson|json|segment|sensors|ga4  --key WRITEKEY
      --store DIR                           一分钟内发不出去的存在该目录，供下次运行；没有 FACTS 时
                                            只发送这些：\`kfactor report - … </dev/null\`
  kfactor bindings [EVENTS|-]               按网站的锁客策略，谁是谁的邀请人，输出 CSV
      --lock first-touch|first-register|first-order|first-pay  --rebind never|after-protection|always
      --protection SPAN  --eligible all|new-only  --renew none|purchase|visit
  kfactor touchpoints CAMPAIGN --key HEX --url URL   每个触点一个带追踪的链接，输出 CSV
      --kid N  --day N  --sheet FILE.html   并生成一张可打印的二维码页
      --utm                                 链接带上 utm_source、utm_medium 和 utm_campaign
  kfactor qr TEXT [-o FILE.svg|FILE.png] [--terminal] [--level L|M|Q|H] [--micro]
      --modules square|rounded|dots|connected  --finders square|rounded  --dark #HEX|#FROM:#TO  --light #HEX
      --logo PICTURE  --frame WORDS         自定义样式的 SVG，保证扫码可读
  kfactor poster CAMPAIGN NAME --url URL -o FILE.svg|FILE.png   活动的一张海报
      --set NAME=VALUE [--variant NAME] [--scale 100] [--images FOLDER]
      --surface mini-program|h5|app|offline 只画用于该场景的图层
      --csv FILE -o FOLDER                  每行一张；列为变量、url、variant 和 file
      --force                               覆盖先前没有 \`file\` 列的表格所生成的海报

  --json          机器可读的输出；使命令中止的错误也输出为 {"ok":false,"code",…}
  --lang en|zh    提示语言
  --help, -h, --version, -v

退出码：0 一切正常，1 有发现，2 命令行或文件有误。
`,
};
