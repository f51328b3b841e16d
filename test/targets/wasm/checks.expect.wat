;; product
 (func $for (param $0 i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 v128)
  (local $4 v128)
  (local $5 v128)
  (local $6 v128)
  (local $7 v128)
  (local $8 i32)
  (local $9 f64)
  (local $10 i32)
  (local $11 i32)
  (local $12 i32)
  (local $13 v128)
  (local $14 v128)
  (local $15 i32)
  (local $16 i32)
  (local $17 i32)
  (local $18 v128)
  (local $19 v128)
  (local $20 v128)
  (local $21 i32)
  (local $22 i32)
  (local $23 i32)
  (local $24 v128)
  (local $25 i32)
  (local $26 f64)
  (local $27 i32)
  (local $28 v128)
  (local $29 v128)
  (local $30 i32)
  (local.set $7
   (f64x2.splat
    (f64.const 0)
   )
  )
  (local.set $10
   (i32.load
    (local.get $0)
   )
  )
  (local.set $15
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $21
   (i32.load offset=8
    (local.get $0)
   )
  )
  (local.set $1
   (i32.const 0)
  )
  (local.set $11
   (local.get $10)
  )
  (local.set $22
   (local.get $21)
  )
  (loop $loop3
   (local.set $2
    (i32.const 0)
   )
   (local.set $16
    (local.get $15)
   )
   (local.set $23
    (local.get $22)
   )
   (local.set $3
    (local.get $7)
   )
   (local.set $4
    (local.get $7)
   )
   (local.set $5
    (local.get $7)
   )
   (local.set $6
    (local.get $7)
   )
   (local.set $8
    (i32.const 0)
   )
   (local.set $12
    (local.get $11)
   )
   (local.set $17
    (local.get $16)
   )
   (loop $loop0
    (local.set $9
     (f64.load
      (local.get $12)
     )
    )
    (local.set $13
     (f64x2.splat
      (local.get $9)
     )
    )
    (local.set $14
     (v128.load align=8
      (local.get $17)
     )
    )
    (local.set $18
     (v128.load offset=16 align=8
      (local.get $17)
     )
    )
    (local.set $19
     (v128.load offset=32 align=8
      (local.get $17)
     )
    )
    (local.set $20
     (v128.load offset=48 align=8
      (local.get $17)
     )
    )
    (local.set $3
     (f64x2.add
      (f64x2.mul
       (local.get $13)
       (local.get $14)
      )
      (local.get $3)
     )
    )
    (local.set $4
     (f64x2.add
      (f64x2.mul
       (local.get $13)
       (local.get $18)
      )
      (local.get $4)
     )
    )
    (local.set $5
     (f64x2.add
      (f64x2.mul
       (local.get $13)
       (local.get $19)
      )
      (local.get $5)
     )
    )
    (local.set $6
     (f64x2.add
      (f64x2.mul
       (local.get $13)
       (local.get $20)
      )
      (local.get $6)
     )
    )
    (local.set $12
     (i32.add
      (local.get $12)
      (i32.const 8)
     )
    )
    (local.set $17
     (i32.add
      (local.get $17)
      (i32.const 96)
     )
    )
    (br_if $loop0
     (i32.lt_s
      (local.tee $8
       (i32.add
        (local.get $8)
        (i32.const 1)
       )
      )
      (i32.const 12)
     )
    )
   )
   (v128.store align=8
    (local.get $23)
    (local.get $3)
   )
   (v128.store offset=16 align=8
    (local.get $23)
    (local.get $4)
   )
   (v128.store offset=32 align=8
    (local.get $23)
    (local.get $5)
   )
   (v128.store offset=48 align=8
    (local.get $23)
    (local.get $6)
   )
   (local.set $16
    (i32.add
     (local.get $16)
     (i32.const 64)
    )
   )
   (local.set $23
    (i32.add
     (local.get $23)
     (i32.const 64)
    )
   )
   (local.set $2
    (i32.add
     (local.get $2)
     (i32.const 8)
    )
   )
   (loop $loop2
    (local.set $24
     (local.get $7)
    )
    (local.set $25
     (i32.const 0)
    )
    (local.set $27
     (local.get $11)
    )
    (local.set $30
     (local.get $16)
    )
    (loop $loop1
     (local.set $26
      (f64.load
       (local.get $27)
      )
     )
     (local.set $28
      (f64x2.splat
       (local.get $26)
      )
     )
     (local.set $29
      (v128.load align=8
       (local.get $30)
      )
     )
     (local.set $24
      (f64x2.add
       (f64x2.mul
        (local.get $28)
        (local.get $29)
       )
       (local.get $24)
      )
     )
     (local.set $27
      (i32.add
       (local.get $27)
       (i32.const 8)
      )
     )
     (local.set $30
      (i32.add
       (local.get $30)
       (i32.const 96)
      )
     )
     (br_if $loop1
      (i32.lt_s
       (local.tee $25
        (i32.add
         (local.get $25)
         (i32.const 1)
        )
       )
       (i32.const 12)
      )
     )
    )
    (v128.store align=8
     (local.get $23)
     (local.get $24)
    )
    (local.set $16
     (i32.add
      (local.get $16)
      (i32.const 16)
     )
    )
    (local.set $23
     (i32.add
      (local.get $23)
      (i32.const 16)
     )
    )
    (br_if $loop2
     (i32.lt_s
      (local.tee $2
       (i32.add
        (local.get $2)
        (i32.const 2)
       )
      )
      (i32.const 12)
     )
    )
   )
   (local.set $11
    (i32.add
     (local.get $11)
     (i32.const 96)
    )
   )
   (local.set $22
    (i32.add
     (local.get $22)
     (i32.const 96)
    )
   )
   (br_if $loop3
    (i32.lt_s
     (local.tee $1
      (i32.add
       (local.get $1)
       (i32.const 1)
      )
     )
     (i32.const 12)
    )
   )
  )
 )
;; stencil
 (func $for (param $0 i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 v128)
  (local $4 i32)
  (local $5 i32)
  (local $6 i32)
  (local $7 v128)
  (local $8 v128)
  (local $9 v128)
  (local $10 v128)
  (local $11 i32)
  (local $12 i32)
  (local $13 i32)
  (local $14 v128)
  (local $15 v128)
  (local $16 v128)
  (local $17 v128)
  (local $18 v128)
  (local $19 v128)
  (local $20 v128)
  (local $21 v128)
  (local $22 v128)
  (local $23 v128)
  (local $24 v128)
  (local $25 v128)
  (local $26 v128)
  (local $27 v128)
  (local $28 v128)
  (local $29 v128)
  (local.set $4
   (i32.load
    (local.get $0)
   )
  )
  (local.set $10
   (f64x2.splat
    (f64.const 0.25)
   )
  )
  (local.set $11
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $1
   (i32.const 0)
  )
  (local.set $5
   (local.get $4)
  )
  (local.set $12
   (local.get $11)
  )
  (loop $loop0
   (local.set $2
    (i32.const 0)
   )
   (local.set $6
    (local.get $5)
   )
   (local.set $13
    (local.get $12)
   )
   (local.set $3
    (v128.load offset=8 align=8
     (local.get $6)
    )
   )
   (local.set $7
    (v128.load offset=200 align=8
     (local.get $6)
    )
   )
   (local.set $8
    (v128.load offset=96 align=8
     (local.get $6)
    )
   )
   (local.set $9
    (v128.load offset=112 align=8
     (local.get $6)
    )
   )
   (v128.store offset=104 align=8
    (local.get $13)
    (f64x2.mul
     (f64x2.add
      (f64x2.add
       (f64x2.add
        (local.get $3)
        (local.get $7)
       )
       (local.get $8)
      )
      (local.get $9)
     )
     (local.get $10)
    )
   )
   (local.set $14
    (v128.load offset=24 align=8
     (local.get $6)
    )
   )
   (local.set $15
    (v128.load offset=216 align=8
     (local.get $6)
    )
   )
   (local.set $16
    (v128.load offset=112 align=8
     (local.get $6)
    )
   )
   (local.set $17
    (v128.load offset=128 align=8
     (local.get $6)
    )
   )
   (v128.store offset=120 align=8
    (local.get $13)
    (f64x2.mul
     (f64x2.add
      (f64x2.add
       (f64x2.add
        (local.get $14)
        (local.get $15)
       )
       (local.get $16)
      )
      (local.get $17)
     )
     (local.get $10)
    )
   )
   (local.set $18
    (v128.load offset=40 align=8
     (local.get $6)
    )
   )
   (local.set $19
    (v128.load offset=232 align=8
     (local.get $6)
    )
   )
   (local.set $20
    (v128.load offset=128 align=8
     (local.get $6)
    )
   )
   (local.set $21
    (v128.load offset=144 align=8
     (local.get $6)
    )
   )
   (v128.store offset=136 align=8
    (local.get $13)
    (f64x2.mul
     (f64x2.add
      (f64x2.add
       (f64x2.add
        (local.get $18)
        (local.get $19)
       )
       (local.get $20)
      )
      (local.get $21)
     )
     (local.get $10)
    )
   )
   (local.set $22
    (v128.load offset=56 align=8
     (local.get $6)
    )
   )
   (local.set $23
    (v128.load offset=248 align=8
     (local.get $6)
    )
   )
   (local.set $24
    (v128.load offset=144 align=8
     (local.get $6)
    )
   )
   (local.set $25
    (v128.load offset=160 align=8
     (local.get $6)
    )
   )
   (v128.store offset=152 align=8
    (local.get $13)
    (f64x2.mul
     (f64x2.add
      (f64x2.add
       (f64x2.add
        (local.get $22)
        (local.get $23)
       )
       (local.get $24)
      )
      (local.get $25)
     )
     (local.get $10)
    )
   )
   (local.set $6
    (i32.add
     (local.get $6)
     (i32.const 64)
    )
   )
   (local.set $13
    (i32.add
     (local.get $13)
     (i32.const 64)
    )
   )
   (local.set $2
    (i32.add
     (local.get $2)
     (i32.const 8)
    )
   )
   (local.set $26
    (v128.load offset=8 align=8
     (local.get $6)
    )
   )
   (local.set $27
    (v128.load offset=200 align=8
     (local.get $6)
    )
   )
   (local.set $28
    (v128.load offset=96 align=8
     (local.get $6)
    )
   )
   (local.set $29
    (v128.load offset=112 align=8
     (local.get $6)
    )
   )
   (v128.store offset=104 align=8
    (local.get $13)
    (f64x2.mul
     (f64x2.add
      (f64x2.add
       (f64x2.add
        (local.get $26)
        (local.get $27)
       )
       (local.get $28)
      )
      (local.get $29)
     )
     (local.get $10)
    )
   )
   (local.set $6
    (i32.add
     (local.get $6)
     (i32.const 16)
    )
   )
   (local.set $13
    (i32.add
     (local.get $13)
     (i32.const 16)
    )
   )
   (local.set $2
    (i32.add
     (local.get $2)
     (i32.const 2)
    )
   )
   (local.set $5
    (i32.add
     (local.get $5)
     (i32.const 96)
    )
   )
   (local.set $12
    (i32.add
     (local.get $12)
     (i32.const 96)
    )
   )
   (br_if $loop0
    (i32.lt_s
     (local.tee $1
      (i32.add
       (local.get $1)
       (i32.const 1)
      )
     )
     (i32.const 10)
    )
   )
  )
 )
;; insertionSort
 (func $for:loop0 (param $0 i32) (result i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 i32)
  (local $4 f64)
  (local $5 i32)
  (local $6 i32)
  (local $7 i32)
  (local $8 i32)
  (local $9 f64)
  (local $10 f64)
  (local $11 i32)
  (local $12 i32)
  (local.set $5
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $1
   (global.get $for:loop0:length)
  )
  (if
   (i32.lt_s
    (local.get $1)
    (i32.const 268435456)
   )
   (then
    (global.set $for:loop0:length
     (i32.add
      (local.get $1)
      (i32.shr_u
       (local.get $1)
       (i32.const 1)
      )
     )
    )
   )
  )
  (local.set $3
   (global.get $for:loop0:i)
  )
  (local.set $6
   (i32.add
    (local.get $5)
    (i32.mul
     (local.get $3)
     (i32.const 8)
    )
   )
  )
  (loop $chunk0
   (local.set $4
    (f64.load offset=8
     (local.get $6)
    )
   )
   (local.set $7
    (i32.sub
     (i32.add
      (local.get $3)
      (i32.const 1)
     )
     (i32.const 1)
    )
   )
   (loop $while1
    (if
     (i32.ge_s
      (local.get $7)
      (i32.const 0)
     )
     (then
      (local.set $9
       (f64.load
        (i32.add
         (local.get $5)
         (i32.shl
          (local.get $7)
          (i32.const 3)
         )
        )
       )
      )
      (local.set $8
       (f64.gt
        (local.get $9)
        (local.get $4)
       )
      )
     )
     (else
      (local.set $8
       (i32.const 0)
      )
     )
    )
    (if
     (local.get $8)
     (then
      (local.set $10
       (f64.load
        (i32.add
         (local.get $5)
         (i32.shl
          (local.get $7)
          (i32.const 3)
         )
        )
       )
      )
      (f64.store offset=8
       (i32.add
        (local.get $5)
        (i32.shl
         (local.get $7)
         (i32.const 3)
        )
       )
       (local.get $10)
      )
      (local.set $11
       (i32.sub
        (local.get $7)
        (i32.const 1)
       )
      )
      (local.set $7
       (local.get $11)
      )
      (br $while1)
     )
    )
   )
   (local.set $12
    (i32.add
     (local.get $7)
     (i32.const 1)
    )
   )
   (f64.store
    (i32.add
     (local.get $5)
     (i32.shl
      (local.get $12)
      (i32.const 3)
     )
    )
    (local.get $4)
   )
   (local.set $6
    (i32.add
     (local.get $6)
     (i32.const 8)
    )
   )
   (if
    (i32.lt_s
     (local.tee $3
      (i32.add
       (local.get $3)
       (i32.const 1)
      )
     )
     (i32.const 39)
    )
    (then
     (br_if $chunk0
      (i32.gt_s
       (local.tee $1
        (i32.add
         (local.get $1)
         (i32.const -1)
        )
       )
       (i32.const 0)
      )
     )
     (local.set $2
      (i32.const 1)
     )
    )
   )
  )
  (global.set $for:loop0:i
   (local.get $3)
  )
  (local.get $2)
 )
 (func $for (param $0 i32)
  (global.set $for:loop0:length
   (i32.const 32)
  )
  (global.set $for:loop0:i
   (i32.const 0)
  )
  (loop $chunks1
   (br_if $chunks1
    (call $for:loop0
     (local.get $0)
    )
   )
  )
 )
;; prefixSum
 (func $for (param $0 i32)
  (local $1 i32)
  (local $2 f64)
  (local $3 i32)
  (local $4 i32)
  (local $5 f64)
  (local.set $3
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $1
   (i32.const 0)
  )
  (local.set $4
   (local.get $3)
  )
  (loop $loop0
   (local.set $2
    (f64.load
     (local.get $4)
    )
   )
   (local.set $5
    (f64.load offset=8
     (local.get $4)
    )
   )
   (f64.store offset=8
    (local.get $4)
    (f64.add
     (local.get $2)
     (local.get $5)
    )
   )
   (local.set $4
    (i32.add
     (local.get $4)
     (i32.const 8)
    )
   )
   (br_if $loop0
    (i32.lt_s
     (local.tee $1
      (i32.add
       (local.get $1)
       (i32.const 1)
      )
     )
     (i32.const 39)
    )
   )
  )
 )
;; rowsByName
 (func $for:loop0 (param $0 i32) (result i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 f64)
  (local $4 i32)
  (local $5 i32)
  (local $6 i32)
  (local $7 i32)
  (local $8 i32)
  (local $9 f64)
  (local $10 i32)
  (local $11 i32)
  (local $12 f64)
  (local $13 i32)
  (local $14 i32)
  (local $15 i32)
  (local $16 f64)
  (local $17 f64)
  (local.set $6
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $13
   (i32.load
    (local.get $0)
   )
  )
  (local.set $1
   (global.get $for:loop0:length)
  )
  (if
   (i32.lt_s
    (local.get $1)
    (i32.const 268435456)
   )
   (then
    (global.set $for:loop0:length
     (i32.add
      (local.get $1)
      (i32.shr_u
       (local.get $1)
       (i32.const 1)
      )
     )
    )
   )
  )
  (local.set $3
   (global.get $for:loop0:0)
  )
  (local.set $4
   (global.get $for:loop0:i)
  )
  (local.set $7
   (i32.add
    (local.get $6)
    (i32.mul
     (local.get $4)
     (i32.const 4)
    )
   )
  )
  (local.set $14
   (i32.add
    (local.get $13)
    (i32.mul
     (local.get $4)
     (i32.const 8)
    )
   )
  )
  (loop $chunk0
   (local.set $5
    (i32.load
     (local.get $7)
    )
   )
   (local.set $8
    (i32.mul
     (i32.and
      (local.get $5)
      (i32.const 7)
     )
     (i32.const 12)
    )
   )
   (local.set $9
    (local.get $3)
   )
   (local.set $10
    (i32.sub
     (i32.const 12)
     (local.get $4)
    )
   )
   (if
    (i32.gt_s
     (local.get $10)
     (i32.const 0)
    )
    (then
     (local.set $11
      (i32.const 0)
     )
     (local.set $15
      (i32.add
       (local.get $14)
       (i32.shl
        (local.get $8)
        (i32.const 3)
       )
      )
     )
     (loop $loop1
      (local.set $12
       (f64.load
        (local.get $15)
       )
      )
      (local.set $16
       (f64.add
        (f64.mul
         (local.get $9)
         (f64.const 0.5)
        )
        (local.get $12)
       )
      )
      (local.set $9
       (local.get $16)
      )
      (local.set $15
       (i32.add
        (local.get $15)
        (i32.const 8)
       )
      )
      (br_if $loop1
       (i32.lt_s
        (local.tee $11
         (i32.add
          (local.get $11)
          (i32.const 1)
         )
        )
        (local.get $10)
       )
      )
     )
    )
   )
   (local.set $17
    (local.get $9)
   )
   (local.set $3
    (local.get $17)
   )
   (local.set $7
    (i32.add
     (local.get $7)
     (i32.const 4)
    )
   )
   (local.set $14
    (i32.add
     (local.get $14)
     (i32.const 8)
    )
   )
   (if
    (i32.lt_s
     (local.tee $4
      (i32.add
       (local.get $4)
       (i32.const 1)
      )
     )
     (i32.const 12)
    )
    (then
     (br_if $chunk0
      (i32.gt_s
       (local.tee $1
        (i32.add
         (local.get $1)
         (i32.const -1)
        )
       )
       (i32.const 0)
      )
     )
     (local.set $2
      (i32.const 1)
     )
    )
   )
  )
  (global.set $for:loop0:i
   (local.get $4)
  )
  (global.set $for:loop0:0
   (local.get $3)
  )
  (local.get $2)
 )
 (func $for (param $0 i32)
  (local $1 f64)
  (local $2 i32)
  (local.set $2
   (i32.load offset=8
    (local.get $0)
   )
  )
  (global.set $for:loop0:0
   (f64.const 0)
  )
  (global.set $for:loop0:length
   (i32.const 32)
  )
  (global.set $for:loop0:i
   (i32.const 0)
  )
  (loop $chunks1
   (br_if $chunks1
    (call $for:loop0
     (local.get $0)
    )
   )
  )
  (local.set $1
   (global.get $for:loop0:0)
  )
  (f64.store
   (local.get $2)
   (local.get $1)
  )
 )
;; histogram
 (func $for (param $0 i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 i32)
  (local $4 i32)
  (local $5 i32)
  (local $6 i32)
  (local.set $3
   (i32.load
    (local.get $0)
   )
  )
  (local.set $6
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $1
   (i32.const 0)
  )
  (local.set $4
   (local.get $3)
  )
  (loop $loop0
   (local.set $2
    (i32.load
     (local.get $4)
    )
   )
   (if
    (i32.eqz
     (i32.lt_u
      (local.get $2)
      (i32.const 16)
     )
    )
    (then
     (i32.store offset=8
      (i32.const 0)
      (i32.const 1)
     )
     (i32.store offset=12
      (i32.const 0)
      (local.get $2)
     )
     (unreachable)
    )
   )
   (local.set $5
    (i32.load
     (i32.add
      (local.get $6)
      (i32.shl
       (local.get $2)
       (i32.const 2)
      )
     )
    )
   )
   (i32.store
    (i32.add
     (local.get $6)
     (i32.shl
      (local.get $2)
      (i32.const 2)
     )
    )
    (i32.add
     (local.get $5)
     (i32.const 1)
    )
   )
   (local.set $4
    (i32.add
     (local.get $4)
     (i32.const 4)
    )
   )
   (br_if $loop0
    (i32.lt_s
     (local.tee $1
      (i32.add
       (local.get $1)
       (i32.const 1)
      )
     )
     (i32.const 40)
    )
   )
  )
 )