"""What the anonymiser knows: words that say nothing of a person, and tickers to put in the place of others.

A word that is not here is replaced, so a missing one costs a little of a layout and never a secret. Nothing that is
also a first name or a surname of its own (Grant, Mark, Will, May, June) belongs here.
"""

_WORDS = """
abbreviation acati acato account account's accountid accounts accrdmktdiscount accrual accruals accrued acct
acctgrulecd accumulation ach acquired acquisition action actiondescription actions activity add added adj adjust
adjusted adjustment adjustments adr ads advance advice advisor advisory af afee aggregate all allocation allowed
alternatives am among amount amounts amp amt an and annual another any anything apos applicable applied are as asc
ascending ask asof asset assetcategory assetclass assets assetsummary assign assigned assignment assignments at atm
aud authdebit authorized auto availability available average avg avgc avgcost award awarddate awardid awards back
backup bag balance balances bank bankruptcy bargain bartering base based basis basket bchoice be before beginning
begins below benefit beside betterment between bfor bid blocked bnd boa body bof bond bonds borrow borrowed bos both
bought box boxes broker broker's brokerage brokeragelink brokeragetransactions brokername brokers btc bto business
buy buysell by ca cad call called can cancel canceled cancelled cap capital cash cashreport cashtransactions
cashtransfer category cb cc ccy cd cdiv cdt cells certificate cfd cfds cfir chang change changed
changeindividendaccruals changes charge charged charges check checked checking chf chg chng choose cil cl claims
class client clientaccountid clock close closed closedlot closeindicator cma cmdty cnt co cob code codes collateral
collectible collectibles color column columns com comes comm comment comments commission commissioncurrency
commissions commodities commodity common community company complete completed complex complexpositions component
confirmation conid considered consolidated consult cont continued contr contract contracts contribution
contributions conversion converted core corp corporate corporateactions corporation cost costbasis costbasismoney
costbasisprice counted country coupon cover covered cp cps credit credits crypto cryptocurrencies cryptocurrency
cryptos cst csv cumulative currencies currency currencyprimary current cusip custaccs custodial custody customer
cycle data datadiscriminator date dates datetime day day's days dealer debit deduction deferred delisted delivered
depends deposit deposited depository deposits desc descending description detail details dfee dicli difference
digits direct directed direction disallowed disbursement disclosures discount display disposed dist distr
distribution div dividend dividends dkk document dollar dollars down download downloaded dtax due early earnings ed
edge edt ee eff either election electronic element else end ending endingcash english enhancement entered entity
entry eoa eof eos equities equity error errorcode espp est estimated et etf etfs etrade eur event ex example exc
exchange exchanged exchanges exdate executed execution executions exempt exer exercise exercised exercises exp
expand expanded expense expiration expirations expire expired exponent export exported failed fair
fairmarketvalueprice false fatca fault fcash fdic fed federal fee fees few fgn fi fidelity field fifo
fifopnlrealized file files filled filter filters final financial first fixed flex flexqueryresponse flexstatement
flexstatementresponse flexstatements fmv fok footer footnotes fop for force forecast foreign forex form format
formats forward fractional free frequency fri from fromdate fsfop fsopt full fund fund's funding funds fut future
futures fx fxlots fxpositions fxtransactions gain gains gbp general generated generic gmt go goes gold grand granted
gross grossproceedsindicator group gt gtc gtd happened has have hcst head header held here hifo high highest history
hkd hold holding holdingperioddatetime holdings holds hour hsa html ibcommission ibcommissioncurrency ibkr iborderid
id identification identify idx if ignore ii in inc incentive included income incoming incomplete ind index indicator
indices individual industry information informational inherited initial inner inputerror instrument insurance
insured int interactive interest internal international into intraday intrinsic investment investments ioc iopt ira
irs is isin iso isoformat issue it itemissueid itrf its joint journal journaled jpmorgan jpy json kind know known
large last later layout lcst ld leave legal legs lending lent level levelofdetail lieu lifo like limited line liquid
liquidat liquidation listed little llc lmt loan loc local location long longer looked loss losses lossnotallowed lot
lotid lots low lowest lt ltd managed mandatory margin market markprice matches matured maturity meaning means memo
ment merged merger merrill meta metals method mgmt mid misc missing mkt ml mm moc mon money moneylink month monthly
moo more morning movement movements moves mrgs mtch mtd mtm mult multiple multiplier muni municipal must mutual mxn
na name named names nan nature nav nbsp neither net netcash netstockpositionsummary new nickname no nok non
noncovered none nor normal not note notes nothing nra nso null number numbers oasgn objective oca odd oexcs oexp of
off old on one online only open opencloseindicator opendatetime opendividendaccruals opened opening openpositions
opens opg opt option optioneae options optn or ord order orderid ordinary orig other out outgoing outstanding
overdraft overview own page paid part partial partially partic pay payable payer payment payout pdt pending
pendingexcercises per percent percentage performance period personal placed placeholder plan plan's plc please pm
portal portfolio portfolios position positions positionvalue posted power pr pre preferred premature prev previous
price priced pricing prime principal prior priorperiodpositions proceeds process product products profit program
promotional property provided pst purchase purchased purchasing purposes put qof qtd qty qual qualified quantity
quarterly queries query quot quote quotes rate ratings ratio rdm read realized rebate rec receipts received reclaim
recognise recognized record recordkeeping redemption reference reflected reg registration reinvest reinvested
reinvestment reinvests reit rejected release releases relief remaining removal reorg reorganization reorganized
repayments repeats report reportdate reported reports requested reserves resident restricted result return returned
rev revenue reverse rgts rights robinhood roc rollover roth row rows rpt rsu rtn rtp run runningbalance sale sales
same sat saved schedule schwab sdiv section sections sector securities security securitytype seems seen sek select
selected selection self sell sellable semicolons sent sep separate service services settle settled settledate
settlement settlements sh share shares sheet short should shown shs side sig sign signed signs simple sipc site
slbactivities slbfees slbopencontracts slip small so soff sold sort source sp span special specid specified spin
spinoff spl split spread spreadsheet st stand start state statement statement's states status stc stk stmtfunds sto
stock stock's stocks strategy strike structured style sub subcategory subscription subscriptions subtitle subtotal
sum summary sun suppressed survivorship sweep swept sxch symbol symbols symbolsummary table tabs taken takes tax
taxable taxes taxlot taxlots tda tdameritrade tell tells ten tenant tenants tender term that the their them thereof
they this through thru thu ticker tiered time title to todate today today's too total totals totaltransactionsamount
tr tracked trade tradeconfirm tradeconfirms traded tradedate trademoney tradeprice trades tradetime trading
traditional trailer tran trans transaction transactiondate transactionid transactions transactiontaxes
transactiontype transfer transferred transferring transfers treasury trnt true trust tue two type types unadjusted
unbundledcommissiondetails under unissued unit united units unknown unless unrealized unreported unsolicited
unvested up us usa usd utc utf val value vanguard various vest vested vesting view volume voluntary warrant warrants
was wash washed washsale website webull wed week weight weighted what where which whose wire with withdrawal
withdrawals withdrawn withh withheld withhold withholding without words working workplace worksheet worthless write
written wros xent xfer xlsx xml xx xyz year yes yesterday yield yields you your yr ytd za zero
"""
WORDS = frozenset(_WORDS.split())
"""Lower case: brokers' columns, actions and titles, kinds of accounts and securities, and what every sentence needs."""

_KINDS = """
account accounts brokerage custodial hsa individual inherited ira joint rollover roth survivorship tenant tenants
traditional trust wros
"""
KINDS_OF_ACCOUNT = frozenset(_KINDS.split())
"""The words of WORDS that are kept where people write names of their own."""

_TICKERS = """
A B C D F G H J K L M O R S T V W X Z AA AB AL AM AN AR AS AU BA BB BC BE BG BJ BK BN BR BX CC CE CF CI CL CM CP CR
CW CX DB DD DE DG DH DK DT DY EA EC ED EG EL ES EW EZ FE FL FN FR FT GD GE GM GO GS HD HE HL HP HR HY IR IT IX JD JE
KD KO KR LB LC LH LI LW MA MC MD MO MP MS MU NI NU NX OC OI ON OR OS OZ PB PD PG PH PL PM PR QS RF RH RL RS RY SA SE
SF SM SN SO SR ST SU SW TD TG TM TR TS TT TU TV TW UA UE UI UL VG VZ WB WD WH WK WM WU WY XP ZG ZM ZS AAL ABR ABT
ACA ACM ACN ADC ADM ADP AEP AES AIG AIN AIR AIZ ALB ALE ALG ALK AMD AME AMN AMP AMT ANF AON AOS APA APD APH APO APP
ARE ARI ASB ATO ATR AVY AWK AWR AXP AZO AZZ BAC BAH BAX BBY BCC BDC BDX BEN BHE BKE BKU BLK BMI BNY BOH BRO BSX BWA
CAG CAH CAT CBT CCI CCK CCL CDW CEG CFG CHX CLH CLX CME CMG CNC CNO CNP COF COO COP COR CPB CPK CPT CRH CRI CRL CRM
CSL CSX CUZ CVS CVX CWT DAL DAN DCI DCO DDS DGX DHI DHR DIN DIS DKS DLR DLX DOC DOV DOW DPZ DRI DTE DUK DVA EAT ECL
EFX EGP EIX EME EMN EOG ESE ESS ETN EXC EXE FBP FCN FCX FDS FDX FHB FHN FIS FIX FNB FOX FRT FTI FTV FUL GBX GEN GEV
GFF GGG GHC GLW GMS GPC GPI GPN GVA GWW HAL HAS HCA HCC HEI HIG HII HIW HLI HLT HNI HON HPE HPQ HRI HRL HST HSY HUM
HWM HXL IBM IBP ICE IDA IEX IFF IRM ITT IVZ JBL JBT JNJ JOE JPM KAI KBH KEX KEY KFY KHC KKR KMB KMI KMT KMX KNX KRG
KWR LEA LHX LII LIN LLY LMT LNG LOW LPX LTC LUV LVS LXP LYB LYV MAA MAC MAN MAR MAT MCD MCK MDC MED MEI MET MGM MKC
MKL MLI MLM MMM MOH MPC MPW MRK MSA MSM MTB MTD MTH MTZ MUR NEE NET NFG NJR NKE NNN NOC NOV NOW NPO NRG NSA NSP NUE
NVT NWE NWS NYT OGE OGS OHI OII OKE OLN OMC ORA OUT OVV OXY PBH PCG PEB PEG PEP PFE PFG PGR PII PKG PNC PNM PNR POR
PPG PPL PRI PRK PRU PSX PWR RBC RCL REG RGA RGR RHP RJF RLI RMD ROK ROL ROP RPM RSG RTX RYN SCI SEM SHW SIG SJM SJW
SKT SLB SLG SNA SON SPG SRE STC STE STX SUI SWK SWX SXI SXT SYF SYK SYY TAP TDG TDS TDY TER TFC TGT THC THG THO THS
TJX TKO TKR TLN TMO TNC TOL TPH TPR TRU TRV TSN TTC TTD TXN TXT TYL UDR UGI UHS UHT UNF UNH UNP UPS URI USB UVV VAC
VGR VLO VMC VMI VRT VSH VST VVI WAB WAT WBD WDC WEC WFC WGO WLK WMB WMT WNC WOR WSM WSO WST WTS WWD XEL XOM XPO XYL
XYZ ZBH ZTS AAON AAPL ABBV ABCB ABNB ACGL ACIW ACLS ADBE ADSK AEIS AGCO AJRD AKAM ALGN ALGT ALLE ALLY ALNY AMAT AMCR
AMGN AMWD AMZN ANET APAM APLE APTV ARCB ARES ASGN ASIX ATGE AVGO AVNT AXON BANR BCPC BIIB BKNG BLKB BOOT BRKR BURL
BWXT CADE CAKE CALM CASY CATY CBOE CBRE CBRL CCOI CDNS CEIX CELH CHDN CHRW CHTR CHWY CINF CNMD COHR COHU COLM COST
CPAY CRUS CRWD CSCO CSGP CSWI CTSH CTVA CVLT CVNA DASH DDOG DECK DIOD DKNG DLTR DORM DXCM EBIX ECHO EGBN ENPH ENSG
ENTG EPAM EPRT EQIX ERIE ESNT EVRG EVTC EWBC EXLS EXPE EXPO FANG FAST FCPT FDXF FELE FERG FFIN FFIV FICO FISV FLGT
FORM FOXA FRME FSLR FULT GATX GBCI GDDY GEHC GILD GNRC GOOG GRMN GTLS HAFC HASI HBAN HELE HONA HOOD HOPE HUBB HUBS
IART IBKR ICUI IDCC IDXX ILMN INCY INDB INGR INTC INTU INVH IPAR ISRG ITGR JBHT JJSF JKHY KALU KEYS KLIC LAMR LANC
LCII LDOS LECO LGIH LITE LKFN LOPE LPLA LRCX LULU MANH MATX MCHP MDLZ MEDP META MGEE MGRC MMSI MNST MPWR MRNA MRVL
MSCI MSFT MSTR MTRN MUSA NBTB NCLH NDAQ NDSN NEOG NFLX NMIH NOVT NSIT NTAP NTRS NVDA NWSA NXPI NXRT ODFL OKTA OMCL
ONTO ORCL ORLY OSIS OTIS PANW PATK PAYC PCAR PINS PLTR PLXS PODD POOL PRGS PSKY PSTG PYPL PZZA QCOM QRVO RDDT RDNT
RGLD ROCK ROST RPRX RVTY SAFT SAIA SANM SBAC SBUX SCHW SCSC SHOO SLAB SMTC SNAP SNEX SNPS SOFI SOLS SOLV SPGI SPSC
SPXC SSNC STBA STLD STRA SWKS TEAM TECH TMUS TOST TREX TRGP TRMB TRMK TROW TSLA TTEK TXRH UBER UBSI UFPI UMBF UNFI
USFD VECO VEEV VICI VLTO VMRK VRSK VRSN VRTS VRTX VTRS WAFD WDFC WELL WERN WSFS WTRG WYNN YELP AGTHX BATRA CMCSA
DISCK DODGX FBGRX FCNCA FCNTX FWONK FXAIX GOOGL LBRDK LILAK LSXMA NWSLA PRGFX PTTRX QVCGA SIRIW SWPPX SWTSX TRBCX
VBTLX VFIAX VGSLX VIGAX VTSAX VWELX
"""
TICKERS = tuple(_TICKERS.split())
"""Of one to five letters; those of five that end in X are mutual funds."""

SETTLEMENT_FUNDS = frozenset(
    ("FCASH", "CORE", "CASH", "QPIFQ", "QPIQQ", "QIMHQ", "QPCTQ", "QACDS", "MSBNK", "TOTAL", "USD")
)
"""In the place of a symbol, but none: readers know them as cash."""

CURRENCIES = frozenset(
    ("USD", "EUR", "GBP", "CAD", "CHF", "JPY", "AUD", "HKD", "SEK", "NOK", "DKK", "MXN", "CNH", "SGD")
)

IN_COMPANY = {
    "grant": ((), ("date", "number", "type", "price", "quantity")),
    "bill": (("due", "treasury", "t"), ()),
    "bills": (("due", "treasury", "t"), ()),
    "morgan": (("jp", "p"), ("stanley",)),
    "stanley": (("morgan",), ()),
}
"""Words that are names of people too: known only behind one of the first words, or before one of the second."""
